using Nines.Kernel;

namespace Nines.Consensus.Tests.Scenarios;

/// <summary>The command language of the scenario files: one line, one thing that happens to a group.</summary>
internal sealed class Script
{
    private Group _group = new(1);

    public List<string> Run(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _group.Lines.Clear();
        string? answer = words[0] switch
        {
            "group" => Begin(words),
            "status" => Status(),
            "log" => Log(Node(words, 1)),
            "propose" => Result(_group.Propose(Node(words, 1), words[2])),
            "change" => Result(_group.Change(Node(words, 1), [.. words.Skip(2).Select(Change)])),
            "read" => _group.Read(Node(words, 1), ulong.Parse(words[2])) ? null : "refused",
            _ => Act(words),
        };
        List<string> lines = [.. _group.Lines];
        if (answer is not null)
        {
            lines.AddRange(answer.Split('\n'));
        }

        return lines;
    }

    private string? Begin(string[] words)
    {
        int spares = words.Length > 2 ? int.Parse(words[2]) : 0;
        var options = new RaftOptions { HeartbeatTicks = 1, ElectionTimeoutTicks = 5, FlushStallTicks = 6 };
        _group = new(int.Parse(words[1]), spares, options);
        return null;
    }

    private string? Act(string[] words)
    {
        switch (words[0])
        {
            case "campaign": _group.Step(Node(words, 1), RaftInput.Campaign); break;
            case "elect":
                _group.Elect(Node(words, 1));
                _group.Lines.Clear();
                break;
            case "deliver": _group.Deliver(); break;
            case "next": Next(int.Parse(words[1])); break;
            case "lose": _group.Wire.Clear(); break;
            case "tick": _group.Tick(Node(words, 1), int.Parse(words[2])); break;
            case "tick-all": _group.TickAll(int.Parse(words[1])); break;
            case "transfer": _group.Step(Node(words, 1), RaftInput.TransferLeadership(new(Node(words, 2)))); break;
            case "unreachable": _group.Step(Node(words, 1), RaftInput.PeerUnreachable(new(Node(words, 2)))); break;
            case "isolate": _group.Isolate(Node(words, 1)); break;
            case "cut": _group.Cut(Node(words, 1), Node(words, 2)); break;
            case "heal": _group.Heal(); break;
            case "crash": _group.Crash(Node(words, 1)); break;
            case "start": _group.Start(Node(words, 1)); break;
            case "hang": _group[Node(words, 1)].Hangs = true; break;
            case "end-hang": _group.EndHang(Node(words, 1)); break;
            case "next-to": NextTo(Node(words, 1)); break;
            case "seal": _group.Seal(Node(words, 1), int.Parse(words[2])); break;
            default: throw new InvalidOperationException($"no such command: {words[0]}");
        }

        return null;
    }

    private void Next(int count)
    {
        for (int i = 0; i < count; i++)
        {
            RaftMessage message = _group.Wire[0];
            _group.Wire.RemoveAt(0);
            _group.Deliver(message);
        }
    }

    private void NextTo(int node)
    {
        foreach (RaftMessage message in _group.Take(m => m.To.Value == node))
        {
            _group.Deliver(message);
        }
    }

    private string Status() => string.Join('\n', _group.All.Select(m => m.IsUp
        ? $"{m.Id} {m.Raft.Role} {m.Raft.Term} leader {m.Raft.Leader} log {m.Raft.Log.Base}..{m.Raft.Log.Last} commit {m.Raft.Commit} {m.Raft.Configuration}"
        : $"{m.Id} down, on disk {m.Disk.HardState.Term} {m.Disk.Last}"));

    private string Log(int node)
    {
        RaftLog log = _group.Raft(node).Log;
        var entries = new List<string>();
        for (LogIndex index = log.FirstIndex; log.TryGet(index, out LogEntry entry); index = index.Next)
        {
            entries.Add($"{entry.Position} {Content(entry)}".TrimEnd());
        }

        return string.Join('\n', entries);
    }

    private static string Content(in LogEntry entry) => entry.Kind switch
    {
        EntryKind.Noop => "",
        EntryKind.Command => System.Text.Encoding.UTF8.GetString(entry.Payload.Span),
        EntryKind.Configuration => Configuration.TryRead(entry.Payload.Span, out Configuration? c) ? c.ToString() : "?",
    };

    private static string Result(ProposeResult result) =>
        result.Status == ProposeStatus.Accepted ? $"accepted at {result.Position}" : $"{result.Status}";

    /// <summary>+4 adds a voter, ~4 a learner, -4 removes.</summary>
    private static ConfigurationChange Change(string word)
    {
        ChangeKind kind = word[0] switch { '+' => ChangeKind.AddVoter, '~' => ChangeKind.AddLearner, _ => ChangeKind.Remove };
        return new(kind, new(int.Parse(word[1..])));
    }

    private static int Node(string[] words, int at) => int.Parse(words[at].TrimStart('n'));
}

using Nines.Kernel;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>What a log should hold, as plain lists. Cloned at each flush, so that the states before and after a batch can be compared.</summary>
internal sealed class LogModel
{
    public SortedDictionary<int, ModelGroup> Groups { get; private init; } = [];

    public LogModel Clone() => new()
    {
        Groups = new SortedDictionary<int, ModelGroup>(Groups.ToDictionary(pair => pair.Key, pair => pair.Value.Clone())),
    };

    public static LogModel Of(LogRecovery recovery)
    {
        var model = new LogModel();
        foreach (RecoveredGroup group in recovery.Groups)
        {
            var modelGroup = new ModelGroup { HardState = group.HardState, Base = group.Base };
            modelGroup.Entries.AddRange(group.Entries);
            model.Groups.Add(group.Group.Value, modelGroup);
        }

        return model;
    }

    /// <summary>One line per group; equal texts mean equal states. Hard states are left out where a group has one in the other argument.</summary>
    public string Text(bool hardStates = true) => string.Join('\n', Groups
        .Where(pair => hardStates || pair.Value.HasLog)
        .Select(pair => $"g{pair.Key} {pair.Value.Text(hardStates)}"));
}

internal sealed class ModelGroup
{
    public HardState HardState { get; set; }

    public LogPosition Base { get; set; }

    public List<LogEntry> Entries { get; } = [];

    public bool HasLog => Entries.Count > 0 || Base != LogPosition.Zero;

    public long Last => Base.Index.Value + Entries.Count;

    public ModelGroup Clone()
    {
        var clone = new ModelGroup { HardState = HardState, Base = Base };
        clone.Entries.AddRange(Entries);
        return clone;
    }

    public void Append(in LogEntry entry)
    {
        int keep = (int)(entry.Index.Value - Base.Index.Value - 1);
        Entries.RemoveRange(keep, Entries.Count - keep);
        Entries.Add(entry);
    }

    public void Discard(long upTo)
    {
        int gone = (int)(upTo - Base.Index.Value);
        if (gone > 0)
        {
            Base = Entries[gone - 1].Position;
            Entries.RemoveRange(0, gone);
        }
    }

    public string Text(bool hardState)
    {
        string entries = string.Join(
            ' ', Entries.Select(e => $"{e.Index.Value}:{e.Term.Value}:{(int)e.Kind}:{e.Payload.Length}:{Crc32C.Of(e.Payload.Span)}"));
        return $"{(hardState ? HardState.ToString() : "")} {Base} [{entries}]";
    }
}

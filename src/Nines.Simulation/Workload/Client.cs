using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>One client: a session that remembers how far it has seen each group, and at most one open operation.</summary>
internal sealed class Client(int number)
{
    private readonly Dictionary<GroupId, long> _positions = [];
    private readonly Dictionary<(GroupId Group, int Key), long> _versions = [];

    public int Number { get; } = number;

    public Operation? Current { get; private set; }

    public byte[] Bytes { get; private set; } = [];

    /// <summary>Counts sends over all operations; answers and timeouts to earlier ones are recognised by it.</summary>
    public long Attempt { get; private set; }

    /// <summary>Where the open attempt went.</summary>
    public NodeId Node { get; set; }

    /// <summary>When set, the only node this client talks to.</summary>
    public NodeId OnlyNode { get; set; }

    /// <summary>The open attempt reached a process.</summary>
    public bool IsSent { get; set; }

    /// <summary>An earlier attempt of the open operation may have taken effect.</summary>
    public bool IsUnknown { get; set; }

    public bool HasAnswer { get; set; }

    public Answer Answer { get; set; }

    public void Begin(Operation operation, byte[] bytes)
    {
        Invariant.Assert(Current == null);
        Current = operation;
        Bytes = bytes;
        IsUnknown = false;
    }

    public void NextAttempt(NodeId node)
    {
        Attempt++;
        Node = node;
        IsSent = false;
        HasAnswer = false;
    }

    public void End()
    {
        Current = null;
        Attempt++;
    }

    public long Position(GroupId group) => _positions.GetValueOrDefault(group);

    public long LastSeen(GroupId group, int key) => _versions.GetValueOrDefault((group, key));

    /// <summary>The session has seen the group up to here; eventual reads promise nothing and do not count.</summary>
    public void Saw(GroupId group, long position) =>
        _positions[group] = Math.Max(position, Position(group));

    public void SawVersion(GroupId group, int key, long version) => _versions[(group, key)] = version;
}

/// <summary>Writes an acknowledged answer into the history.</summary>
internal static class AnswerRecorder
{
    public static void Done(Client client, long nowUs, SimulatedCluster cluster)
    {
        Operation operation = client.Current!;
        Answer answer = client.Answer;
        operation.ReturnUs = nowUs;
        operation.Term = answer.Term.Value;
        if (!RegisterAnswer.TryDecode(answer.Body.Span, out RegisterAnswer body)
            || body.Status == RegisterStatus.Malformed
            || answer.Group != operation.Group)
        {
            cluster.Findings.Add('E', "answer", $"cannot be read or is another's: {operation}");
            operation.End = OperationEnd.Info;
            return;
        }

        operation.End = body.Status == RegisterStatus.Done ? OperationEnd.Done : OperationEnd.ConditionFailed;
        operation.Found = body.Found;
        operation.SeenValue = body.Value;
        operation.SeenVersion = body.Version;
        operation.Position = operation.IsRead ? answer.Position.Value : body.Position;
        operation.StalenessMs = operation.IsRead ? answer.StalenessMs : -1;
        if (operation.IsRead && body.Position > answer.Position.Value)
        {
            cluster.Findings.Add(
                'C', "answer", $"the state holds position {body.Position}, beyond what the answer says: {operation}");
        }

        if (!body.IsIntact)
        {
            cluster.Findings.Add('C', "answer", $"the stored bytes are not what was written: {operation}");
        }

        cluster.States.OnRead(operation.Node, operation.Group, body.Position, body.Chain);
        Remember(client, operation);
    }

    private static void Remember(Client client, Operation operation)
    {
        bool counts = !operation.IsRead || operation.Consistency != Consistency.Eventual;
        if (counts)
        {
            client.Saw(operation.Group, operation.Position);
        }

        if (operation.Kind == OperationKind.Delete && operation.End == OperationEnd.Done)
        {
            client.SawVersion(operation.Group, operation.Key, 0);
        }
        else
        {
            bool wrote = !operation.IsRead && operation.End == OperationEnd.Done;
            client.SawVersion(
                operation.Group, operation.Key, wrote ? operation.Position : operation.Found ? operation.SeenVersion : 0);
        }
    }
}

namespace Nines.Kernel;

/// <summary>What may be said about a request that was sent: see docs/guarantees.md.</summary>
public enum Outcome
{
    /// <summary>Durable on a majority; every later strong read sees it.</summary>
    Done,

    /// <summary>Has not happened and never will. May be sent again freely.</summary>
    NotDone,

    /// <summary>Happened once or never. Ask again with the same id: the first answer comes back.</summary>
    Unknown,
}

/// <summary>Why a request was not done, or is unknown.</summary>
public enum Reason
{
    None,

    /// <summary>The bounded queue was full; refused before any work.</summary>
    Overloaded,

    /// <summary>No leader was reached within the deadline: no majority, or an election took too long.</summary>
    NoLeader,

    /// <summary>The deadline passed.</summary>
    DeadlinePassed,

    /// <summary>The replica did not reach the session's position in time.</summary>
    Behind,

    /// <summary>The disk is (nearly) full; reads go on.</summary>
    DiskFull,

    /// <summary>This node, or the group's replica on it, is stopping or halted.</summary>
    Unavailable,
}

/// <summary>How fresh a read must be. docs/guarantees.md has the exact promises.</summary>
public enum Consistency
{
    /// <summary>Some past state, from the nearest replica, without waiting.</summary>
    Eventual,

    /// <summary>Never behind the session's position; one order on all replicas.</summary>
    Sequential,

    /// <summary>Linearizable: sees every write acknowledged before the read began.</summary>
    Strong,
}

/// <summary>
/// Identifies one logical request over all its sends. A second command with the same id within the window has no effect and
/// gets the first answer. Drawn by the client (an SDK's invocation id) or by the node that received the request.
/// </summary>
public readonly record struct RequestId(UInt128 Value)
{
    public static readonly RequestId None;
}

/// <summary>What came back for a command or query, with the certificate of its place in the group's order.</summary>
public readonly record struct Answer
{
    public Outcome Outcome { get; init; }

    public Reason Reason { get; init; }

    public GroupId Group { get; init; }

    public Term Term { get; init; }

    /// <summary>Writes: the command's index. Reads: the applied index of the state that was read.</summary>
    public LogIndex Position { get; init; }

    /// <summary>Reads: an upper bound on how old the state was, in milliseconds; 0 for strong; -1 when not known.</summary>
    public long StalenessMs { get; init; }

    /// <summary>A hint in milliseconds for <see cref="Reason.Overloaded"/> and <see cref="Reason.NoLeader"/>; 0 for none.</summary>
    public int RetryAfterMs { get; init; }

    /// <summary>The state machine's answer. The memory belongs to the receiver.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    public bool IsDone => Outcome == Outcome.Done;
}

/// <summary>Hears what this node's replicas apply.</summary>
public interface IAppliedListener
{
    /// <summary>
    /// A command was applied for the first time. Called in the reactor's turn, for each command of the machine: it must be quick, and
    /// may not call back.
    /// </summary>
    /// <param name="group">Where.</param>
    /// <param name="leads">This node leads the group.</param>
    /// <param name="answer">What the state machine answered. Valid during the call.</param>
    void Applied(GroupId group, bool leads, ReadOnlySpan<byte> answer);
}

/// <summary>
/// The engine under the embedded doors: replicated groups reached by key. Any node answers for any group, forwarding when it must.
/// Held and proposed again through a leader change within the deadline, never applied twice. All members may be called from any thread.
/// </summary>
public interface IReplicated
{
    /// <summary>All data groups, in order. Does not contain the control group. Changes when groups split or merge.</summary>
    IReadOnlyList<GroupId> Groups { get; }

    /// <summary>The group that has a slot (<see cref="Slots"/>) now.</summary>
    GroupId GroupOf(int slot);

    /// <summary>An id that nobody else draws, for a command that may be sent more than once.</summary>
    RequestId NewId();

    /// <summary>Whether this node's replica leads the group, as far as it knows at this moment.</summary>
    bool Leads(GroupId group);

    /// <summary>From now on the listener is told of the commands of a state machine that this node's replicas apply. One for each machine.</summary>
    void Listen(byte machine, IAppliedListener listener);

    /// <summary>Proposes a command for state machine <paramref name="machine"/>. The command's bytes are copied before the call returns.</summary>
    /// <param name="group">Where.</param>
    /// <param name="machine">Which state machine.</param>
    /// <param name="id">Or <see cref="RequestId.None"/>: a new one is drawn.</param>
    /// <param name="command">For the state machine.</param>
    /// <param name="timeout">Then the answer is "unknown", or "not done" when it is certain.</param>
    ValueTask<Answer> WriteAsync(
        GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout);

    /// <summary>
    /// Runs a query at the wanted consistency. <paramref name="notBefore"/> is the session's position for
    /// <see cref="Consistency.Sequential"/> and ignored otherwise.
    /// </summary>
    ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout);
}

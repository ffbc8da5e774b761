using Nines.Kernel;

namespace Nines.Replication.Requests;

/// <summary>
/// One operation at the node that received it, from its submission to its one answer. Owned by the reactor between
/// <see cref="Reactor.Submit"/> and <see cref="Complete"/>.
/// </summary>
public abstract class Request
{
    public GroupId Group { get; set; }

    /// <summary>The state machine that is asked.</summary>
    public byte Machine { get; set; }

    public bool IsWrite { get; set; }

    public Consistency Consistency { get; set; }

    /// <summary>Sequential reads: the session's position.</summary>
    public LogIndex NotBefore { get; set; }

    public RequestId Id { get; set; }

    /// <summary>The command or query. Not changed until the request is completed, and by a command not after it either.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>Ticks the request may take, counted from its submission.</summary>
    public long TimeoutTicks { get; set; }

    /// <summary>
    /// Weak reads answered here: everything acknowledged before this moment of the node's steady clock is in the state; -1 when not known.
    /// </summary>
    public long FreshAtMs { get; internal set; } = -1;

    internal ulong Sequence { get; set; }

    internal long DeadlineTick { get; set; }

    /// <summary>When the reactor looks at the request next. There is one such time: an earlier appointment it replaced counts no more.</summary>
    internal long LookTick { get; set; }

    internal RequestState State { get; set; }

    /// <summary>Where the request was forwarded to.</summary>
    internal NodeId SentTo { get; set; }

    /// <summary>Routings since the last pause: bounds how often hints are followed one after the other.</summary>
    internal int Hops { get; set; }

    /// <summary>How often it was proposed here or sent to another node, over its whole life.</summary>
    internal int Sends { get; set; }

    /// <summary>It reached a leader once: from then on "not done" can only be said by the log itself.</summary>
    internal bool MayHaveHappened { get; set; }

    /// <summary>
    /// Still the request that was submitted under this number: objects are used again, and what waited for an earlier life of one must
    /// not touch the next.
    /// </summary>
    internal bool IsOpen(ulong sequence) => Sequence == sequence && State != RequestState.Completed;

    /// <summary>
    /// Called once, in the reactor's turn, with the final answer. For reads that may be answered here, <paramref name="state"/> is the
    /// state to run the query on (outside the turn, on any thread) and the answer's body is empty.
    /// </summary>
    protected internal abstract void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine);
}

/// <summary>Where a request is.</summary>
internal enum RequestState
{
    /// <summary>Waits for a leader to be known, or for the next try.</summary>
    Held,

    /// <summary>In this node's own log or read queue, as leader.</summary>
    Local,

    /// <summary>At another node.</summary>
    Forwarded,

    /// <summary>Answered.</summary>
    Completed,
}

namespace Nines.Client;

/// <summary>What a read must see. A request with ConsistentRead is strong whatever is said here.</summary>
public enum ReadConsistency
{
    /// <summary>Every write that was acknowledged to anybody before the read began.</summary>
    Strong,

    /// <summary>What the session wrote and read before, or what came later: a session never goes back, at whichever node it asks.</summary>
    Sequential,

    /// <summary>Some past state; how old it can be is in <see cref="Answered.Staleness"/>.</summary>
    Eventual,
}

namespace Nines.Kernel;

/// <summary>Ordered keys and values, at one moment. Keys compare as unsigned bytes.</summary>
public interface IOrderedReader
{
    /// <summary>The value stays valid as long as the caller holds on to it: it is never overwritten.</summary>
    bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value);

    /// <summary>
    /// Walks keys from <paramref name="from"/> (included) to <paramref name="to"/> (excluded; empty: no end), upwards, or
    /// downwards from the end when <paramref name="reverse"/>.
    /// </summary>
    IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false);

    /// <summary>
    /// True: no command behind <paramref name="since"/> wrote the key, as far as this state goes. False: one did, or it is not known
    /// any more, because what was written was flushed in between.
    /// </summary>
    bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since);
}

/// <summary>A walk over a range. Starts before the first key.</summary>
public interface IOrderedCursor : IDisposable
{
    bool MoveNext();

    /// <summary>Valid until the next <see cref="MoveNext"/>.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>Stays valid as long as the caller holds on to it.</summary>
    ReadOnlyMemory<byte> Value { get; }
}

/// <summary>A group's state while one command is applied: reads see the command's own earlier writes.</summary>
public interface IOrderedState : IOrderedReader
{
    void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    void Delete(ReadOnlySpan<byte> key);
}

/// <summary>What a state machine is told about the command it applies, the same on every replica.</summary>
/// <param name="Position">The command's log index; rises by at least one from command to command.</param>
/// <param name="TimeMs">
/// Milliseconds since 1970, stamped by the leader and agreed through the log; never goes back within a group.
/// </param>
public readonly record struct CommandContext(LogIndex Position, long TimeMs)
{
    /// <summary>
    /// The group's session clock: milliseconds of leaderships, whatever wall clocks say. Stands still between two leaders, so that what is
    /// to be remembered for a time is remembered at least that long.
    /// </summary>
    public long SessionMs { get; init; }
}

/// <summary>
/// The rules of one door, run by every replica of a group on the same commands in the same order. Pure and deterministic: the
/// same state and the same command give the same writes and the same answer. Several machines share a group's
/// keyspace: each sees only the keys behind its own one-byte <see cref="Id"/>, which the platform adds and removes.
/// </summary>
public interface IStateMachine
{
    /// <summary>Routes commands and prefixes keys: 1 control, 2 tables, 3 coordination, 4 events. 0 is the platform's own.</summary>
    byte Id { get; }

    /// <summary>
    /// Applies one committed command. A command that cannot be done (a failed condition, bytes it does not understand) writes
    /// nothing and answers so; it never throws for what a client can send.
    /// </summary>
    void Apply(in CommandContext context, ReadOnlyMemory<byte> command, IOrderedState state, ByteBuffer answer);

    /// <summary>Answers a query from a state of some moment. Runs on any thread, several at once.</summary>
    void Query(ReadOnlyMemory<byte> query, IOrderedReader state, ByteBuffer answer);

    /// <summary>
    /// An entry that the rules treat as absent at this time and for good: compaction may drop it, at any time or never, on each replica as
    /// it likes. Called from background threads. Times are those of the last applied <see cref="CommandContext"/>.
    /// </summary>
    bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timeMs, long sessionMs) => false;
}

using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>
/// The entries of one group that are kept in memory: a ring from <see cref="Base"/> (not included) to the last. What lies at or before the
/// base is in the state machine's durable state and known only by the base's position.
/// </summary>
public sealed class RaftLog
{
    private LogEntry[] _ring = new LogEntry[64];
    private int _head;
    private int _count;

    public RaftLog(LogPosition @base)
    {
        Base = @base;
    }

    /// <summary>The position right before the first entry.</summary>
    public LogPosition Base { get; private set; }

    public LogIndex FirstIndex => Base.Index.Next;

    public LogIndex LastIndex => Base.Index + _count;

    public LogPosition Last => _count == 0 ? Base : At(_count - 1).Position;

    public int Count => _count;

    /// <summary>Payload bytes of all entries.</summary>
    public long Bytes { get; private set; }

    public bool TryGet(LogIndex index, out LogEntry entry)
    {
        if (index <= Base.Index || index > LastIndex)
        {
            entry = default;
            return false;
        }

        entry = At((int)(index - Base.Index) - 1);
        return true;
    }

    /// <summary>The term of an entry or of the base; null when the index lies outside.</summary>
    public Term? TermAt(LogIndex index) =>
        index == Base.Index ? Base.Term : TryGet(index, out LogEntry entry) ? entry.Term : null;

    /// <summary>Log matching: does this log hold the entry with that position?</summary>
    public bool Matches(LogPosition position) => TermAt(position.Index) == position.Term;

    /// <summary>Is a log that ends at <paramref name="other"/> at least as up to date as this one (Raft 3.6.1)?</summary>
    public bool IsNoNewerThan(LogPosition other)
    {
        LogPosition last = Last;
        return other.Term > last.Term || (other.Term == last.Term && other.Index >= last.Index);
    }

    public void Append(in LogEntry entry)
    {
        Invariant.Assert(entry.Index == LastIndex.Next);
        Invariant.Assert(entry.Term >= Last.Term);
        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = entry;
        _count++;
        Bytes += entry.Payload.Length;
    }

    /// <summary>Drops the entry at <paramref name="index"/> and all behind it.</summary>
    public void TruncateFrom(LogIndex index)
    {
        Invariant.Assert(index > Base.Index);
        while (LastIndex >= index)
        {
            _count--;
            ref LogEntry entry = ref _ring[(_head + _count) & (_ring.Length - 1)];
            Bytes -= entry.Payload.Length;
            entry = default;
        }
    }

    /// <summary>Forgets entries up to <paramref name="index"/>, which becomes the base.</summary>
    public void CompactTo(LogIndex index)
    {
        Invariant.Assert(index <= LastIndex);
        while (Base.Index < index)
        {
            ref LogEntry entry = ref _ring[_head];
            Base = entry.Position;
            Bytes -= entry.Payload.Length;
            entry = default;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }
    }

    /// <summary>A snapshot replaces everything.</summary>
    public void Reset(LogPosition @base)
    {
        Array.Clear(_ring);
        _head = 0;
        _count = 0;
        Bytes = 0;
        Base = @base;
    }

    /// <summary>
    /// The last index at or before <paramref name="from"/> whose term is not above <paramref name="term"/>: where a leader and a
    /// follower may agree at the earliest (the backtracking of Raft 3.5, a term at a time).
    /// </summary>
    public LogPosition LastAtOrBelow(Term term, LogIndex from)
    {
        LogIndex index = LogIndex.Min(from, LastIndex);
        while (index > Base.Index && TermAt(index) > term)
        {
            index = index.Previous;
        }

        return index < Base.Index ? Base : new(TermAt(index) ?? Base.Term, index);
    }

    private ref LogEntry At(int offset) => ref _ring[(_head + offset) & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new LogEntry[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = At(i);
        }

        _ring = larger;
        _head = 0;
    }
}

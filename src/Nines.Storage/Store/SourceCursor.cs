namespace Nines.Storage.Store;

/// <summary>
/// A walk over one source in one direction, deletions included. Each key appears once: with the version that the walk's
/// reader sees.
/// </summary>
internal abstract class SourceCursor
{
    public abstract bool IsValid { get; }

    /// <summary>Valid until the cursor moves.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    public abstract bool IsTombstone { get; }

    /// <summary>Stays valid as long as somebody holds it.</summary>
    public abstract ReadOnlyMemory<byte> Value { get; }

    /// <summary>
    /// Upwards: stands on the first key at or after the bound. Downwards: on the last key before it; an empty bound is the end.
    /// </summary>
    public abstract void Seek(ReadOnlySpan<byte> bound);

    public abstract void Advance();
}

/// <summary>Walks a memtable as a reader at one sequence sees it.</summary>
internal sealed class MemtableCursor(Memtable memtable, ulong sequence, bool reverse) : SourceCursor
{
    private int _node;

    public override bool IsValid => _node != 0;

    public override ReadOnlySpan<byte> Key => memtable.Key(_node);

    public override bool IsTombstone => memtable.IsTombstone(_node);

    public override ReadOnlyMemory<byte> Value => memtable.Value(_node);

    public override void Seek(ReadOnlySpan<byte> bound)
    {
        if (!reverse)
        {
            SettleUp(memtable.FindFirst(bound));
        }
        else
        {
            SettleDown(bound.IsEmpty ? memtable.FindLast() : memtable.FindBefore(bound));
        }
    }

    public override void Advance()
    {
        if (reverse)
        {
            SettleDown(memtable.FindBefore(Key));
            return;
        }

        // Older versions of the same key stand behind the one that was shown.
        ReadOnlySpan<byte> shown = Key;
        int node = memtable.Next(_node);
        while (node != 0 && memtable.Key(node).SequenceEqual(shown))
        {
            node = memtable.Next(node);
        }

        SettleUp(node);
    }

    private void SettleUp(int node)
    {
        while (node != 0 && memtable.SequenceOf(node) > sequence)
        {
            node = memtable.Next(node);
        }

        _node = node;
    }

    private void SettleDown(int node)
    {
        while (node != 0)
        {
            int visible = memtable.FindVisible(memtable.Key(node), sequence);
            if (visible != 0)
            {
                _node = visible;
                return;
            }

            node = memtable.FindBefore(memtable.Key(node));
        }

        _node = 0;
    }
}

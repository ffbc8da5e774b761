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
    private int _version;

    public override bool IsValid => _node != 0;

    public override ReadOnlySpan<byte> Key => memtable.Key(_node);

    public override bool IsTombstone => memtable.IsTombstone(_version);

    public override ReadOnlyMemory<byte> Value => memtable.Value(_version);

    public override void Seek(ReadOnlySpan<byte> bound)
    {
        if (!reverse)
        {
            Settle(memtable.FindFirst(bound));
        }
        else
        {
            Settle(bound.IsEmpty ? memtable.FindLast() : memtable.FindBefore(bound));
        }
    }

    public override void Advance() => Settle(Following(_node));

    private int Following(int node) => reverse ? memtable.FindBefore(memtable.Key(node)) : memtable.Next(node);

    /// <summary>Stands on the first key, from this one on, of which its reader sees a version.</summary>
    private void Settle(int node)
    {
        _version = 0;
        while (node != 0 && (_version = memtable.VersionAt(node, sequence)) == 0)
        {
            node = Following(node);
        }

        _node = node;
    }
}

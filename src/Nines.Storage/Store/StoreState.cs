using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// All sources of a store at one moment: the active memtable, the sealed ones, the tables. The object never changes, except that
/// the active memtable takes writes, which readers bound by sequence. So a reader needs two loads to have a consistent store: this
/// object, then the active memtable's applied index; what the index promises is in the sources or is in an older one, never
/// in a newer.
/// <para>
/// Counted: one for being current, one for each view and cursor. The last to let go releases the version and with it the tables
/// that no other version contains.
/// </para>
/// </summary>
internal sealed class StoreState
{
    private int _references = 1;

    public StoreState(Memtable active, Memtable[] sealedMemtables, Version version)
    {
        Active = active;
        Sealed = sealedMemtables;
        Version = version;
        version.Acquire();
    }

    public Memtable Active { get; }

    /// <summary>Newest first.</summary>
    public Memtable[] Sealed { get; }

    public Version Version { get; }

    /// <summary>False when nobody holds it any more: the caller looks for the newer one that has replaced it.</summary>
    public bool TryAcquire()
    {
        int references = Volatile.Read(ref _references);
        while (references > 0)
        {
            int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        Invariant.Assert(left >= 0);
        if (left == 0)
        {
            Version.Release();
        }
    }

    /// <param name="key">The key.</param>
    /// <param name="sequence">Bounds what is seen of the active memtable. All that is sealed was published before.</param>
    /// <param name="value">Its value.</param>
    public bool TryGet(ReadOnlySpan<byte> key, ulong sequence, out ReadOnlyMemory<byte> value)
    {
        Lookup found = Active.TryGet(key, sequence, out value);
        for (int i = 0; found == Lookup.Missing && i < Sealed.Length; i++)
        {
            found = Sealed[i].TryGet(key, Memtable.Everything, out value);
        }

        if (found == Lookup.Missing)
        {
            found = Version.TryGet(key, out value);
        }

        return found == Lookup.Found;
    }

    /// <summary>
    /// True: nobody wrote the key behind an index. Tables do not say when what is in them was written, so that one which may hold
    /// something newer makes it unknown, which is false.
    /// </summary>
    public bool IsUnchangedSince(ReadOnlySpan<byte> key, ulong sequence, LogIndex since)
    {
        if (since < Version.Point.Position.Index || Active.IsWrittenBehind(key, sequence, since))
        {
            return false;
        }

        foreach (Memtable memtable in Sealed)
        {
            if (memtable.IsWrittenBehind(key, Memtable.Everything, since))
            {
                return false;
            }
        }

        return true;
    }

    public IOrderedCursor Range(ulong sequence, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse)
    {
        bool acquired = TryAcquire();
        Invariant.Assert(acquired);
        return new RangeCursor(this, sequence, from, to, reverse);
    }

    public List<SourceCursor> Cursors(ulong sequence, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse)
    {
        var cursors = new List<SourceCursor>(Sealed.Length + Version.LevelCount);
        if (Active.Count > 0)
        {
            cursors.Add(new MemtableCursor(Active, sequence, reverse));
        }

        foreach (Memtable memtable in Sealed)
        {
            cursors.Add(new MemtableCursor(memtable, Memtable.Everything, reverse));
        }

        Version.AddCursors(cursors, from, to, reverse);
        return cursors;
    }
}

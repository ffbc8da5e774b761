namespace Nines.Storage.Store;

/// <summary>
/// Where the node of a key is: a hash table that grows with its memtable, with linear probing and half of the hash beside each node, so
/// that a search touches one place in memory, and one more for the key it finds. One writer, readers without locks: a slot is written
/// once, whole, and a reader uses the slots it finds, which hold all keys that were published before it looked.
/// </summary>
internal sealed class KeyIndex
{
    private const int FirstSlots = 32;
    private const int GrowthFactor = 4;

    /// <summary>One slot in so many stays free, at least: probes end soon.</summary>
    private const int SlotsPerKey = 2;

    // The upper half is that of the hash, the lower one is the node; 0 is free.
    private ulong[] _slots = new ulong[FirstSlots];
    private int _count;

    public long Bytes => (long)_slots.Length * sizeof(ulong);

    /// <summary>The nodes whose keys have this hash, as far as its upper half tells: nearly always one, or none.</summary>
    public Candidates Find(ulong hash) => new(Volatile.Read(ref _slots), hash);

    /// <summary>The node of a key that is not here yet, filled before. Writer only.</summary>
    public void Add(ulong hash, int node)
    {
        if ((_count + 1) * SlotsPerKey > _slots.Length)
        {
            Grow();
        }

        Place(_slots, (hash & 0xFFFF_FFFF_0000_0000) | (uint)node);
        _count++;
    }

    private static int First(ulong entry, ulong[] slots) => (int)(entry >> 32) & (slots.Length - 1);

    private static void Place(ulong[] slots, ulong entry)
    {
        int slot = First(entry, slots);
        while (slots[slot] != 0)
        {
            slot = (slot + 1) & (slots.Length - 1);
        }

        Volatile.Write(ref slots[slot], entry);
    }

    private void Grow()
    {
        var larger = new ulong[_slots.Length * GrowthFactor];
        foreach (ulong entry in _slots)
        {
            if (entry != 0)
            {
                Place(larger, entry);
            }
        }

        Volatile.Write(ref _slots, larger);
    }

    /// <summary>A walk over the nodes that one search has to look at.</summary>
    public struct Candidates(ulong[] slots, ulong hash)
    {
        private int _slot = First(hash, slots);

        /// <summary>0: there are no more.</summary>
        public int Next()
        {
            while (true)
            {
                ulong entry = Volatile.Read(ref slots[_slot]);
                if (entry == 0)
                {
                    return 0;
                }

                _slot = (_slot + 1) & (slots.Length - 1);
                if (((entry ^ hash) >> 32) == 0)
                {
                    return (int)entry;
                }
            }
        }
    }
}

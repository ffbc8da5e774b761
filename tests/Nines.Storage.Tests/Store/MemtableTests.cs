using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class MemtableTests
{
    [Fact]
    public void A_reader_sees_the_newest_version_at_its_sequence()
    {
        var memtable = new Memtable(LogIndex.Zero);
        memtable.Add(10, "a"u8, "one"u8, isTombstone: false);
        memtable.Add(20, "a"u8, "two"u8, isTombstone: false);
        memtable.Add(30, "a"u8, default, isTombstone: true);
        Assert.Equal(Lookup.Missing, memtable.TryGet("a"u8, 9, out _));
        Assert.Equal("one", Get(memtable, 10));
        Assert.Equal("one", Get(memtable, 19));
        Assert.Equal("two", Get(memtable, 29));
        Assert.Equal(Lookup.Deleted, memtable.TryGet("a"u8, 30, out _));
        Assert.Equal(Lookup.Missing, memtable.TryGet("b"u8, 30, out _));
    }

    [Fact]
    public void Of_two_writes_with_one_sequence_the_later_wins_and_can_be_taken_back()
    {
        var memtable = new Memtable(LogIndex.Zero);
        memtable.Add(10, "a"u8, "one"u8, isTombstone: false);
        int node = memtable.Add(10, "a"u8, "two"u8, isTombstone: false);
        Assert.Equal("two", Get(memtable, 10));
        memtable.TakeBack(node);
        Assert.Equal("one", Get(memtable, 10));
    }

    [Fact]
    public void A_key_whose_only_write_was_taken_back_is_nowhere_to_be_seen()
    {
        var memtable = new Memtable(LogIndex.Zero);
        memtable.Add(10, "a"u8, "one"u8, isTombstone: false);
        memtable.TakeBack(memtable.Add(20, "b"u8, "two"u8, isTombstone: false));
        memtable.Add(20, "c"u8, "three"u8, isTombstone: false);
        Assert.Equal(Lookup.Missing, memtable.TryGet("b"u8, 30, out _));
        var cursor = new MemtableCursor(memtable, 30, reverse: false);
        cursor.Seek("b"u8);
        Assert.True(cursor.Key.SequenceEqual("c"u8));
        memtable.Add(40, "b"u8, "four"u8, isTombstone: false);
        Assert.Equal(Lookup.Found, memtable.TryGet("b"u8, 40, out _));
        Assert.Equal(3, memtable.Count);
    }

    /// <summary>In order, nearly in order, in several orders at once, and in none.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(100_000)]
    public void Keys_find_their_places_in_whatever_order_they_come(int disorder)
    {
        var prng = new Prng(11);
        var memtable = new Memtable(LogIndex.Zero);
        var expected = new SortedSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < 5000; i++)
        {
            string key = $"{(char)('a' + prng.Below(6))}{i + prng.Below(disorder + 1):D8}";
            expected.Add(key);
            memtable.Add((ulong)i + 1, System.Text.Encoding.ASCII.GetBytes(key), "v"u8, isTombstone: false);
        }

        var walked = new List<string>();
        var cursor = new MemtableCursor(memtable, Memtable.Everything, reverse: false);
        for (cursor.Seek(default); cursor.IsValid; cursor.Advance())
        {
            walked.Add(System.Text.Encoding.ASCII.GetString(cursor.Key));
        }

        Assert.Equal(expected, walked);
        Assert.All(expected, key => Assert.Equal(
            Lookup.Found, memtable.TryGet(System.Text.Encoding.ASCII.GetBytes(key), Memtable.Everything, out _)));
    }

    [Fact]
    public void Cursors_walk_both_ways_like_a_sorted_dictionary()
    {
        var prng = new Prng(7);
        var memtable = new Memtable(LogIndex.Zero);
        var at = new SortedDictionary<ulong, SortedDictionary<int, int>>();
        var now = new SortedDictionary<int, int>();
        for (ulong sequence = 1; sequence <= 2000; sequence++)
        {
            int key = prng.Below(150);
            memtable.Add(sequence, StoreRig.Key(key), BitConverter.GetBytes((int)sequence), isTombstone: false);
            now[key] = (int)sequence;
            if (sequence % 250 == 0)
            {
                at[sequence] = new SortedDictionary<int, int>(now);
            }
        }

        foreach ((ulong sequence, SortedDictionary<int, int> expected) in at)
        {
            Assert.Equal(expected.Select(p => (p.Key, p.Value)), Walk(memtable, sequence, reverse: false));
            Assert.Equal(expected.Reverse().Select(p => (p.Key, p.Value)), Walk(memtable, sequence, reverse: true));
        }
    }

    [Fact]
    public void An_empty_memtable_costs_little_and_a_large_one_little_more_than_its_data()
    {
        var memtable = new Memtable(LogIndex.Zero);
        Assert.True(memtable.Bytes < 4 << 10);
        for (int i = 0; i < 10_000; i++)
        {
            memtable.Add((ulong)i + 1, StoreRig.Key(i), new byte[256], isTombstone: false);
        }

        Assert.InRange(memtable.Bytes, 10_000L * 266, 10_000L * 266 * 3 / 2);
    }

    [Fact]
    public void A_value_larger_than_a_chunk_fits()
    {
        var memtable = new Memtable(LogIndex.Zero);
        byte[] value = new byte[1 << 20];
        new Prng(1).Fill(value);
        memtable.Add(1, "small"u8, "value"u8, isTombstone: false);
        memtable.Add(2, "large"u8, value, isTombstone: false);
        memtable.Add(3, "more"u8, "value"u8, isTombstone: false);
        Assert.Equal(Lookup.Found, memtable.TryGet("large"u8, 9, out ReadOnlyMemory<byte> read));
        Assert.True(read.Span.SequenceEqual(value));
    }

    private static string? Get(Memtable memtable, ulong sequence) =>
        memtable.TryGet("a"u8, sequence, out ReadOnlyMemory<byte> value) == Lookup.Found
            ? System.Text.Encoding.ASCII.GetString(value.Span)
            : null;

    private static List<(int Key, int Value)> Walk(Memtable memtable, ulong sequence, bool reverse)
    {
        var walked = new List<(int, int)>();
        var cursor = new MemtableCursor(memtable, sequence, reverse);
        for (cursor.Seek(default); cursor.IsValid; cursor.Advance())
        {
            int key = int.Parse(System.Text.Encoding.ASCII.GetString(cursor.Key[4..]));
            walked.Add((key, BitConverter.ToInt32(cursor.Value.Span)));
        }

        return walked;
    }
}

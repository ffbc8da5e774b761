using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class TransactionTests : IDisposable
{
    private readonly StoreRig _rig = new(StoreRig.NewDisk());

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Writes_show_all_at_once_with_the_applied_index()
    {
        _rig.Put(1, "old");
        WriteTransaction transaction = _rig.Store.Begin(_rig.Store.Applied.Next);
        transaction.Put(StoreRig.Key(1), StoreRig.Value("new"));
        transaction.Put(StoreRig.Key(2), StoreRig.Value("new"));
        Assert.Equal("old", _rig.Get(1));
        Assert.Null(_rig.Get(2));
        Assert.True(transaction.TryGet(StoreRig.Key(2), out _));
        using StoreView before = _rig.Store.View();
        _rig.Store.Commit(transaction);
        Assert.Equal("new", _rig.Get(1));
        Assert.Equal("new", _rig.Get(2));
        Assert.False(before.TryGet(StoreRig.Key(2), out _));
        Assert.Equal(new LogIndex(1), before.Applied);
        Assert.Equal(new LogIndex(2), _rig.Store.Applied);
    }

    [Fact]
    public void An_aborted_command_leaves_nothing_but_its_index()
    {
        _rig.Put(1, "old");
        WriteTransaction transaction = _rig.Store.Begin(_rig.Store.Applied.Next);
        transaction.Put(StoreRig.Key(1), StoreRig.Value("a"));
        transaction.Delete(StoreRig.Key(1));
        transaction.Put(StoreRig.Key(1), StoreRig.Value("b"));
        transaction.Put(StoreRig.Key(0), StoreRig.Value("b"));
        _rig.Store.Abort(transaction);
        Assert.Equal("old", _rig.Get(1));
        Assert.Null(_rig.Get(0));
        Assert.Equal(new LogIndex(2), _rig.Store.Applied);
        _rig.Flush();
        Assert.Equal("old", _rig.Get(1));
        Assert.Equal(1, _rig.Store.Statistics().TableEntries);
    }

    /// <summary>
    /// What a cursor shows must not depend on whether a key lies in memory or on disk, which differs from replica to replica. So it
    /// shows the moment it was opened.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_cursor_inside_a_command_shows_the_moment_it_was_opened(bool flushed, bool reverse)
    {
        for (int i = 0; i < 10; i += 2)
        {
            _rig.Put(i, "old");
        }

        if (flushed)
        {
            _rig.Flush();
        }

        _rig.Write(t =>
        {
            t.Put(StoreRig.Key(5), StoreRig.Value("mine"));
            using IOrderedCursor cursor = t.Range(StoreRig.Key(0), StoreRig.Key(99), reverse);
            var seen = new List<string>();
            while (cursor.MoveNext())
            {
                seen.Add(System.Text.Encoding.ASCII.GetString(cursor.Key[^1..]));
                int key = cursor.Key[^1] - '0';
                t.Delete(StoreRig.Key(key));
                t.Put(StoreRig.Key(key + 1), StoreRig.Value("ahead"));
                t.Put(StoreRig.Key(Math.Max(key - 1, 0)), StoreRig.Value("behind"));
            }

            string[] expected = ["0", "2", "4", "5", "6", "8"];
            Assert.Equal(reverse ? expected.Reverse() : expected, seen);
        });
    }

    [Fact]
    public void A_range_is_deleted_through_a_cursor()
    {
        _rig.Fill(100);
        _rig.Write(t =>
        {
            using IOrderedCursor cursor = t.Range(StoreRig.Key(10), StoreRig.Key(90));
            while (cursor.MoveNext())
            {
                t.Delete(cursor.Key);
            }
        });
        using StoreView view = _rig.Store.View();
        using IOrderedCursor left = view.Range(default, default);
        int count = 0;
        while (left.MoveNext())
        {
            count++;
        }

        Assert.Equal(20, count);
    }

    [Fact]
    public void A_command_may_open_any_number_of_cursors_between_its_writes()
    {
        const int Many = 70_000;
        _rig.Write(t =>
        {
            for (int i = 0; i < Many; i++)
            {
                t.Range(default, default).Dispose();
                t.Put(StoreRig.Key(1), BitConverter.GetBytes(i));
            }
        });
        using StoreView view = _rig.Store.View();
        Assert.True(view.TryGet(StoreRig.Key(1), out ReadOnlyMemory<byte> value));
        Assert.Equal(Many - 1, BitConverter.ToInt32(value.Span));
    }

    [Fact]
    public void Indexes_only_rise()
    {
        _rig.Put(1, "a");
        Assert.Throws<InvariantBrokenException>(() => _rig.Store.Begin(new LogIndex(1)));
        _rig.Store.Skip(new LogIndex(7));
        Assert.Equal(new LogIndex(7), _rig.Store.Applied);
        _rig.Put(1, "b");
        Assert.Equal(new LogIndex(8), _rig.Store.Applied);
    }
}

using Nines.Kernel;

namespace Nines.Storage.Tests.Disk;

/// <summary>What every disk does, simulated or real: the same tests run over both.</summary>
public abstract class DiskSuite
{
    protected abstract IDisk Disk { get; }

    [Fact]
    public void What_is_written_is_read_back_across_page_borders()
    {
        var prng = new Prng(1);
        var model = new byte[50_000];
        using IDiskFile file = Disk.Open("a", DiskOpen.Create);
        file.Allocate(model.Length);
        var buffer = new byte[9_000];
        for (int i = 0; i < 200; i++)
        {
            Span<byte> piece = buffer.AsSpan(0, prng.Between(1, buffer.Length));
            prng.Fill(piece);
            int at = prng.Below(model.Length - piece.Length + 1);
            piece.CopyTo(model.AsSpan(at));
            file.Write(at, piece);
        }

        var read = new byte[model.Length];
        Assert.Equal(model.Length, file.Read(0, read));
        Assert.Equal(model, read);
    }

    [Fact]
    public void A_read_is_short_only_at_the_end()
    {
        using IDiskFile file = Disk.Open("a", DiskOpen.Create);
        file.Write(0, new byte[10]);
        Assert.Equal(4, file.Read(6, new byte[100]));
        Assert.Equal(0, file.Read(10, new byte[100]));
        Assert.Equal(0, file.Read(5_000, new byte[100]));
    }

    [Fact]
    public void Allocated_and_skipped_bytes_are_zero_and_content_stays()
    {
        using IDiskFile file = Disk.Open("a", DiskOpen.Create);
        file.Write(3, [1, 2, 3]);
        file.Allocate(10_000);
        file.Allocate(5);
        Assert.Equal(10_000, file.Length);
        var bytes = new byte[10_000];
        file.Read(0, bytes);
        Assert.Equal(6, bytes.Sum(b => b));
        Assert.Equal(1, bytes[3]);
    }

    [Fact]
    public void Truncated_bytes_do_not_come_back()
    {
        using IDiskFile file = Disk.Open("a", DiskOpen.Create);
        file.Write(0, Enumerable.Repeat((byte)7, 9_000).ToArray());
        file.Truncate(5_000);
        Assert.Equal(5_000, file.Length);
        file.Truncate(9_000);
        var bytes = new byte[9_000];
        Assert.Equal(9_000, file.Read(0, bytes));
        Assert.Equal(5_000 * 7, bytes.Sum(b => b));
        file.Sync();
    }

    [Fact]
    public void Names_are_listed_in_order_and_only_of_that_directory()
    {
        Disk.CreateDirectory("x/y");
        foreach (string path in new[] { "x/b", "x/a", "x/B", "x/y/c", "d" })
        {
            Disk.Open(path, DiskOpen.Create).Dispose();
        }

        Disk.SyncDirectory("x");
        Disk.SyncDirectory("");
        Assert.Equal(["B", "a", "b"], Disk.List("x"));
        Assert.Equal(["c"], Disk.List("x/y"));
        Assert.Equal(["d"], Disk.List(""));
        Assert.Empty(Disk.List("nowhere"));
        Assert.True(Disk.Exists("x/y/c"));
        Assert.False(Disk.Exists("x/y/d"));
    }

    [Fact]
    public void A_missing_file_is_not_found()
    {
        AssertNotFound(() => Disk.Open("a", DiskOpen.Read));
        AssertNotFound(() => Disk.Open("a", DiskOpen.ReadWrite));
        AssertNotFound(() => Disk.Open("a", DiskOpen.Append));
        AssertNotFound(() => Disk.Open("no/where", DiskOpen.Create));
        AssertNotFound(() => Disk.Rename("a", "b"));
        Disk.Delete("a");
    }

    [Fact]
    public void Create_replaces_and_leaves_open_readers_alone()
    {
        Put("a", 1);
        using IDiskFile old = Disk.Open("a", DiskOpen.Read);
        Put("a", 2);
        Assert.Equal(1, First(old));
        using IDiskFile now = Disk.Open("a", DiskOpen.Read);
        Assert.Equal(2, First(now));
    }

    [Fact]
    public void Rename_replaces_the_target_and_handles_follow_the_file()
    {
        Put("a", 1);
        Put("b", 2);
        using IDiskFile a = Disk.Open("a", DiskOpen.ReadWrite);
        using IDiskFile b = Disk.Open("b", DiskOpen.Read);
        Disk.Rename("a", "b");
        Assert.Equal(["b"], Disk.List(""));
        a.Write(0, [9]);
        Assert.Equal(2, First(b));
        using IDiskFile again = Disk.Open("b", DiskOpen.Read);
        Assert.Equal(9, First(again));
    }

    [Fact]
    public void A_deleted_file_stays_readable_until_disposed()
    {
        Put("a", 5);
        using IDiskFile file = Disk.Open("a", DiskOpen.Read);
        Disk.Delete("a");
        Assert.False(Disk.Exists("a"));
        Assert.Equal(5, First(file));
    }

    [Fact]
    public void There_is_free_space()
    {
        Assert.True(Disk.FreeBytes > 0);
    }

    [Fact]
    public void What_is_appended_is_there_with_zeros_up_to_the_end_of_its_page()
    {
        var prng = new Prng(2);
        var model = new byte[40 * DiskPage.Bytes];
        using (IDiskFile file = Disk.Open("a", DiskOpen.CreateAppend))
        {
            file.Allocate(10 * DiskPage.Bytes);
            int at = 0;
            while (at < model.Length - (8 * DiskPage.Bytes))
            {
                Span<byte> piece = model.AsSpan(at, prng.Between(1, prng.Below(2) == 0 ? 300 : 6 * DiskPage.Bytes));
                prng.Fill(piece);
                file.Write(at, piece);
                at += piece.Length;
                at = prng.Below(4) == 0 ? (int)DiskPage.RoundUp(at) : at;
            }

            file.Sync();
            Assert.Equal(DiskPage.RoundUp(at), file.Length);
            model = model[..(int)file.Length];
        }

        Assert.Equal(model, Content("a"));
    }

    [Fact]
    public void A_file_used_again_keeps_its_old_bytes_but_for_the_pages_written()
    {
        using (IDiskFile old = Disk.Open("a", DiskOpen.Create))
        {
            old.Write(0, Enumerable.Repeat((byte)7, (3 * DiskPage.Bytes) + 100).ToArray());
        }

        using (IDiskFile file = Disk.Open("a", DiskOpen.Append))
        {
            file.Write(DiskPage.Bytes, [1, 2]);
            file.Write(DiskPage.Bytes + 2, [3]);
            file.Allocate(5 * DiskPage.Bytes);
            file.Sync();
        }

        byte[] content = Content("a");
        Assert.Equal(5 * DiskPage.Bytes, content.Length);
        Assert.Equal([7, 1, 2, 3, 0], content[(DiskPage.Bytes - 1)..(DiskPage.Bytes + 4)]);
        Assert.Equal(6 + ((2 * DiskPage.Bytes) + 100) * 7, content.Sum(b => b));
    }

    [Fact]
    public void An_append_longer_than_any_buffer_arrives_whole()
    {
        var bytes = new byte[(1 << 20) + 333];
        new Prng(3).Fill(bytes);
        using (IDiskFile file = Disk.Open("a", DiskOpen.CreateAppend))
        {
            file.Write(0, bytes.AsSpan(0, 77));
            file.Write(77, bytes.AsSpan(77));
        }

        byte[] content = Content("a");
        Assert.Equal(bytes, content[..bytes.Length]);
        Assert.True(content.AsSpan(bytes.Length).IndexOfAnyExcept((byte)0) < 0);
    }

    protected byte[] Content(string path)
    {
        using IDiskFile file = Disk.Open(path, DiskOpen.Read);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }

    protected void Put(string path, byte value)
    {
        using IDiskFile file = Disk.Open(path, DiskOpen.Create);
        file.Write(0, [value]);
        file.Sync();
    }

    protected static int First(IDiskFile file)
    {
        var one = new byte[1];
        return file.Read(0, one) == 1 ? one[0] : -1;
    }

    private static void AssertNotFound(Action action) =>
        Assert.Equal(DiskFailure.NotFound, Assert.Throws<DiskException>(action).Failure);
}

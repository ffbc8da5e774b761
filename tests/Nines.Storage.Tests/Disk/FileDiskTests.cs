using Nines.Kernel;
using Nines.Node.Adapters;

namespace Nines.Storage.Tests.Disk;

public sealed class FileDiskTests : DiskSuite, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nines-disk").FullName;
    private readonly FileDisk _disk;

    public FileDiskTests()
    {
        _disk = new FileDisk(_root);
    }

    protected override IDisk Disk => _disk;

    public void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void A_second_disk_on_the_same_directory_is_refused_until_the_first_is_gone()
    {
        DirectoryInUseException e = Assert.Throws<DirectoryInUseException>(() => new FileDisk(_root));
        Assert.Contains(_root, e.Message, StringComparison.Ordinal);
        _disk.Dispose();
        new FileDisk(_root).Dispose();
    }

    [Fact]
    public void Content_is_there_for_the_next_process()
    {
        Put("a", 4);
        Disk.SyncDirectory("");
        _disk.Dispose();
        using var next = new FileDisk(_root);
        using IDiskFile file = next.Open("a", DiskOpen.Read);
        Assert.Equal(4, First(file));
    }

    [Fact]
    public void A_full_device_is_told_from_a_broken_one()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Needs /dev/full.");
        File.CreateSymbolicLink(Path.Combine(_root, "full"), "/dev/full");
        using IDiskFile file = Disk.Open("full", DiskOpen.ReadWrite);
        DiskException e = Assert.Throws<DiskException>(() => file.Write(0, new byte[10]));
        Assert.Equal(DiskFailure.Full, e.Failure);
    }

    [Fact]
    public void A_failing_sync_throws()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Needs /dev/full.");
        File.CreateSymbolicLink(Path.Combine(_root, "full"), "/dev/full");
        using IDiskFile file = Disk.Open("full", DiskOpen.ReadWrite);
        Assert.Equal(DiskFailure.Device, Assert.Throws<DiskException>(file.Sync).Failure);
    }

    /// <summary>Such a device takes no direct writes either: the file is opened without.</summary>
    [Fact]
    public void An_append_that_finds_the_device_full_can_be_tried_again()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Needs /dev/full.");
        File.CreateSymbolicLink(Path.Combine(_root, "full"), "/dev/full");
        using IDiskFile file = Disk.Open("full", DiskOpen.Append);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            Assert.Equal(DiskFailure.Full, Assert.Throws<DiskException>(() => file.Write(0, new byte[10])).Failure);
        }
    }
}

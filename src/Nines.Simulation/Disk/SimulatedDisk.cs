using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>
/// A disk in memory that does the worst its contract (<see cref="IDisk"/>) allows, repeatably from a seed. The second half of
/// this class, in SimulatedDisk.Faults.cs, is what a fault schedule does to it.
/// </summary>
public sealed partial class SimulatedDisk : IDisk
{
    private readonly Prng _prng;
    private readonly PagePool _pool = new();
    private readonly SimulatedDirectoryTree _tree = new();
    private long _usedBytes;

    public SimulatedDisk(Prng prng)
    {
        ArgumentNullException.ThrowIfNull(prng);
        _prng = prng;
    }

    /// <summary>All files together may not be larger; a write beyond fails as <see cref="DiskFailure.Full"/>.</summary>
    public long Capacity { get; set; } = 1L << 40;

    public long FreeBytes => Math.Max(0, Capacity - _usedBytes);

    public long UsedBytes => _usedBytes;

    public DiskStatistics Statistics { get; } = new();

    /// <summary>Counts the runs of the process on this disk; handles of an earlier run are dead.</summary>
    internal int Run { get; private set; }

    public IReadOnlyList<string> List(string directory)
    {
        CheckPower();
        return _tree.List(directory);
    }

    public bool Exists(string path)
    {
        CheckPower();
        return _tree.Find(path) != null;
    }

    public IDiskFile Open(string path, DiskOpen mode)
    {
        CheckPower();
        SimulatedInode? inode = _tree.Find(path);
        if (mode is DiskOpen.Create or DiskOpen.CreateAppend)
        {
            if (!_tree.HasDirectory(SimulatedDirectoryTree.Split(path).Directory))
            {
                throw NotFound(path);
            }

            BeforeChange();
            Unlink(inode);
            inode = new SimulatedInode(_pool);
            _tree.Bind(path, inode);
        }

        return inode == null ? throw NotFound(path) : new SimulatedDiskFile(this, path, inode, mode);
    }

    public void Rename(string from, string to)
    {
        SimulatedInode inode = _tree.Find(from) ?? throw NotFound(from);
        if (!_tree.HasDirectory(SimulatedDirectoryTree.Split(to).Directory))
        {
            throw NotFound(to);
        }

        BeforeChange();
        if (from != to)
        {
            Unlink(_tree.Find(to));
            _tree.Rename(from, to, inode);
        }
    }

    public void Delete(string path)
    {
        BeforeChange();
        if (_tree.Find(path) is { } inode)
        {
            Unlink(inode);
            _tree.Unbind(path, inode);
        }
    }

    public void CreateDirectory(string directory)
    {
        BeforeChange();
        _tree.AddDirectory(directory);
    }

    public void SyncDirectory(string directory)
    {
        BeforeChange();
        if (!_tree.HasDirectory(directory))
        {
            throw NotFound(directory);
        }

        Statistics.DirectorySyncs++;
        Throw(Match(DiskFaultKind.SyncDirectoryFails, directory, 0, 1), directory);
        _tree.Sync(directory);
    }

    internal void BeforeRead(string path, long offset, long count)
    {
        CheckPower();
        Throw(Match(DiskFaultKind.ReadFails, path, offset, offset + Math.Max(1, count)), path);
    }

    internal void BeforeWrite(string path, long offset, long count)
    {
        BeforeChange();
        Throw(Match(DiskFaultKind.WriteFails, path, offset, offset + count), path);
    }

    internal void SyncFile(string path, SimulatedInode inode)
    {
        BeforeChange();
        Statistics.Syncs++;
        if (Match(DiskFaultKind.SyncFails, path, 0, 1) is { } failure)
        {
            inode.LoseSync();
            Throw(failure, path);
        }

        if (Match(DiskFaultKind.SyncLies, path, 0, 1) != null)
        {
            inode.LoseSync();
        }
        else if (Match(DiskFaultKind.SyncMisdirects, path, 0, 1) != null)
        {
            inode.MisdirectSync(_prng);
        }
        else
        {
            Statistics.PagesSynced += inode.Sync();
        }
    }

    /// <summary>Accounts for a file's new length, or refuses it.</summary>
    internal void Claim(SimulatedInode inode, long length)
    {
        long more = Math.Max(length - inode.Length, 0);
        if (inode.Unlinked || more == 0)
        {
            return;
        }

        if (more > Capacity - _usedBytes)
        {
            throw new DiskException(DiskFailure.Full, "The simulated disk is full.");
        }

        _usedBytes += more;
    }

    internal void Release(SimulatedInode inode, long length)
    {
        if (!inode.Unlinked)
        {
            _usedBytes -= Math.Max(inode.Length - length, 0);
        }
    }

    private static DiskException NotFound(string path) => new(DiskFailure.NotFound, $"There is no {path}.");

    private void Unlink(SimulatedInode? inode)
    {
        if (inode is { Unlinked: false })
        {
            _usedBytes -= inode.Length;
            inode.Unlinked = true;
        }
    }
}

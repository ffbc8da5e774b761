using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <content>What a fault schedule does to the disk: crashes, injected failures, damage, and old or lost content.</content>
public sealed partial class SimulatedDisk
{
    private readonly List<DiskFault> _faults = [];
    private bool _powerIsOff;

    /// <summary>
    /// The power goes off before that many further changing calls (writes, syncs, creations, renames, deletions) have happened:
    /// 0 means before the next. From then on every call throws <see cref="PowerLossException"/>, until <see cref="Crash"/>
    /// or <see cref="Kill"/> starts a new run. Null: never.
    /// </summary>
    public long? PowerLossAfter { get; set; }

    /// <summary>Power loss: unsynced pages, lengths and names are kept, torn or lost as the options say. All handles die.</summary>
    public void Crash(in CrashOptions options)
    {
        // Both trees are visited: a file whose deletion is lost must lose its unsynced pages too.
        var crashed = new HashSet<SimulatedInode>(ReferenceEqualityComparer.Instance);
        foreach ((_, SimulatedInode inode) in _tree.Files)
        {
            if (crashed.Add(inode))
            {
                inode.Crash(_prng, options);
            }
        }

        _tree.Crash(_prng, options.KeepName);
        foreach ((_, SimulatedInode inode) in _tree.Files)
        {
            if (crashed.Add(inode))
            {
                inode.Crash(_prng, options);
            }
        }

        StartRun();
        Statistics.Crashes++;
    }

    /// <summary>The process dies, the machine lives: everything written is kept, all handles die.</summary>
    public void Kill() => StartRun();

    /// <summary>Adds a fault that waits for a matching call.</summary>
    public DiskFault Inject(DiskFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        _faults.Add(fault);
        return fault;
    }

    /// <summary>A fault that fires a number of times on files that match the pattern.</summary>
    public DiskFault Inject(DiskFaultKind kind, string pattern, int times = 1, DiskFailure failure = DiskFailure.Device) =>
        Inject(new DiskFault { Kind = kind, Pattern = pattern, TimesLeft = times, Failure = failure });

    public void Lift(DiskFault fault) => _faults.Remove(fault);

    public void LiftAll() => _faults.Clear();

    /// <summary>Flips one bit in each of some bytes of the range, on the device and in what reads show (bit rot).</summary>
    /// <returns>False when there is no such file, or the range is behind its end.</returns>
    public bool FlipBits(string path, long offset, int range, int flips)
    {
        if (_tree.Find(path) is not { } inode || offset + range > inode.Length)
        {
            return false;
        }

        for (int i = 0; i < flips; i++)
        {
            byte bit = (byte)(1 << _prng.Below(8));
            inode.Corrupt(offset + _prng.Below(range), 1, bytes => bytes[0] ^= bit);
        }

        return true;
    }

    /// <summary>Overwrites a range on the device and in what reads show.</summary>
    /// <returns>False when there is no such file, or the range is behind its end.</returns>
    public bool Corrupt(string path, long offset, ReadOnlySpan<byte> bytes)
    {
        if (_tree.Find(path) is not { } inode || offset + bytes.Length > inode.Length)
        {
            return false;
        }

        byte[] source = bytes.ToArray();
        int done = 0;
        inode.Corrupt(offset, source.Length, target =>
        {
            source.AsSpan(done, target.Length).CopyTo(target);
            done += target.Length;
        });
        return true;
    }

    /// <summary>A file's bytes as a read would show them, without counting as one.</summary>
    public byte[] Peek(string path)
    {
        SimulatedInode inode = _tree.Find(path) ?? throw NotFound(path);
        var bytes = new byte[inode.Length];
        inode.Read(0, bytes);
        return bytes;
    }

    /// <summary>Every file of the disk, in order.</summary>
    public IReadOnlyList<string> AllFiles() => [.. _tree.Files.Select(file => file.Path)];

    /// <summary>A copy of everything, as the page cache shows it.</summary>
    public DiskImage Save()
    {
        var files = new SortedDictionary<string, FileImage>(StringComparer.Ordinal);
        foreach ((string path, SimulatedInode inode) in _tree.Files)
        {
            files[path] = inode.Save();
        }

        return new DiskImage(files, [.. _tree.Directories]);
    }

    /// <summary>The whole disk becomes that image, durably: a rolled back or cloned machine. All handles die.</summary>
    public void Restore(DiskImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Wipe();
        foreach (string directory in image.Directories)
        {
            _tree.AddDirectory(directory);
        }

        foreach ((string path, FileImage file) in image.Files)
        {
            RestoreInto(path, file);
        }

        SyncNames();
    }

    /// <summary>One file becomes an older version of itself, durably; it is created when it is missing. All handles die.</summary>
    /// <returns>False when the image does not have the file.</returns>
    public bool RestoreFile(DiskImage image, string path)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!image.Files.TryGetValue(path, out FileImage? file))
        {
            return false;
        }

        Unlink(_tree.Find(path));
        _tree.AddDirectory(SimulatedDirectoryTree.Split(path).Directory);
        RestoreInto(path, file);
        _tree.Sync(SimulatedDirectoryTree.Split(path).Directory);
        StartRun();
        return true;
    }

    /// <summary>An empty disk under the same machine. All handles die.</summary>
    public void Wipe()
    {
        foreach ((_, SimulatedInode inode) in _tree.Files)
        {
            inode.Unlinked = true;
        }

        _tree.Clear();
        StartRun();
    }

    private void RestoreInto(string path, FileImage file)
    {
        var inode = new SimulatedInode(_pool);
        inode.Restore(file);
        _tree.Bind(path, inode);
        _usedBytes += inode.Length;
    }

    private void SyncNames()
    {
        _tree.Sync("");
        foreach (string directory in _tree.Directories)
        {
            _tree.Sync(directory);
        }
    }

    private void StartRun()
    {
        Run++;
        _powerIsOff = false;
        PowerLossAfter = null;
        _usedBytes = 0;
        foreach ((_, SimulatedInode inode) in _tree.Files)
        {
            inode.Unlinked = false;
            _usedBytes += inode.Length;
        }
    }

    private void BeforeChange()
    {
        CheckPower();
        if (PowerLossAfter is { } left)
        {
            _powerIsOff = left == 0;
            PowerLossAfter = left - 1;
            CheckPower();
        }
    }

    private void CheckPower()
    {
        if (_powerIsOff)
        {
            throw new PowerLossException();
        }
    }

    private DiskFault? Match(DiskFaultKind kind, string path, long from, long to)
    {
        foreach (DiskFault fault in _faults)
        {
            if (fault.Matches(kind, path, from, to))
            {
                fault.Fire();
                Statistics.FaultsFired++;
                return fault;
            }
        }

        return null;
    }

    private static void Throw(DiskFault? fault, string path)
    {
        if (fault != null)
        {
            throw new DiskException(fault.Failure, $"Injected: {fault.Kind} on {path}.");
        }
    }
}

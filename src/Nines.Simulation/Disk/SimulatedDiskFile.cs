using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>A handle. It belongs to one run of the simulated process: using it after a crash is the simulator's bug.</summary>
internal sealed class SimulatedDiskFile(SimulatedDisk disk, string path, SimulatedInode inode, DiskOpen mode) : IDiskFile
{
    private static readonly byte[] Zeros = new byte[DiskPage.Bytes];

    private readonly int _run = disk.Run;
    private readonly bool _appends = mode is DiskOpen.Append or DiskOpen.CreateAppend;
    private long _appended;
    private bool _disposed;

    public long Length
    {
        get
        {
            Check();
            return inode.Length;
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        Check();
        Invariant.Assert(!_appends);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        disk.BeforeRead(path, offset, destination.Length);
        int count = inode.Read(offset, destination);
        disk.Statistics.Reads++;
        disk.Statistics.BytesRead += count;
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        CheckWritable();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (source.IsEmpty)
        {
            return;
        }

        Invariant.Assert(!_appends || offset % DiskPage.Bytes == 0 || offset == _appended);
        long end = offset + source.Length;
        long rest = _appends ? DiskPage.RoundUp(end) - end : 0;
        disk.BeforeWrite(path, offset, source.Length + rest);
        disk.Claim(inode, end + rest);
        inode.Write(offset, source);
        inode.Write(end, Zeros.AsSpan(0, (int)rest));
        _appended = end;
        disk.Statistics.Writes++;
        disk.Statistics.BytesWritten += source.Length;
    }

    public void Allocate(long length)
    {
        CheckWritable();
        if (length > inode.Length)
        {
            disk.BeforeWrite(path, inode.Length, length - inode.Length);
            disk.Claim(inode, length);
            inode.Resize(length);
        }
    }

    public void Truncate(long length)
    {
        CheckWritable();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        disk.BeforeWrite(path, length, 1);
        disk.Claim(inode, length);
        disk.Release(inode, length);
        inode.Resize(length);
    }

    public void Sync()
    {
        CheckWritable();
        disk.SyncFile(path, inode);
    }

    public void Dispose() => _disposed = true;

    private void CheckWritable()
    {
        Check();
        Invariant.Assert(mode != DiskOpen.Read);
    }

    private void Check()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Invariant.Assert(_run == disk.Run);
    }
}

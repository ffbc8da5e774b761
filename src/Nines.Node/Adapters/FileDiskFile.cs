using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>An open file of a <see cref="FileDisk"/>: positioned reads and writes, completed when the kernel stops halfway.</summary>
internal sealed class FileDiskFile(SafeFileHandle handle, string path) : IDiskFile
{
    private static readonly byte[] Zeros = new byte[1 << 20];

    public long Length => RandomAccess.GetLength(handle);

    public int Read(long offset, Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            Span<byte> rest = destination[done..];
            nint count = Libc.Pread(handle, ref MemoryMarshal.GetReference(rest), (nuint)rest.Length, offset + done);
            if (count == 0)
            {
                break;
            }

            done += (int)Libc.Progress(count, "pread", path);
        }

        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        int done = 0;
        while (done < source.Length)
        {
            ReadOnlySpan<byte> rest = source[done..];
            nint count = Libc.Pwrite(handle, in MemoryMarshal.GetReference(rest), (nuint)rest.Length, offset + done);
            done += (int)Libc.Progress(count, "pwrite", path);
        }
    }

    public void Allocate(long length)
    {
        long from = Length;
        if (length <= from)
        {
            return;
        }

        // Asks for the blocks first: a full disk says so before anything is written. A file system that cannot is no obstacle.
        int error = Libc.PosixFallocate(handle, from, length - from);
        if (error is not (0 or Libc.NotSupported or Libc.InvalidArgument))
        {
            throw Libc.Failure(error, "posix_fallocate", path);
        }

        // Reserved blocks are marked unwritten, and the first real write to each would go through the journal; zeros end that now.
        for (long at = from; at < length; at += Zeros.Length)
        {
            Write(at, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, length - at)));
        }
    }

    public void Truncate(long length) => Libc.Check(Libc.Ftruncate(handle, length), "ftruncate", path);

    /// <summary>One attempt: whatever error comes back, interrupted included, the pages may be lost.</summary>
    public void Sync() => Libc.Check(Libc.Fdatasync(handle), "fdatasync", path);

    public void Dispose() => handle.Dispose();
}

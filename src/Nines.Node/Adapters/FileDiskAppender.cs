using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>
/// An open file of a <see cref="FileDisk"/> that is written from front to back in whole pages, straight to the device (O_DIRECT).
/// A log that goes through the page cache fills memory with bytes that nobody reads again, at the price of a page
/// each: on a virtual machine whose memory is not all there yet, that was an eighth of a node's CPU. Where the file system has no direct
/// writes (some in memory), they go through the cache.
/// </summary>
internal sealed class FileDiskAppender : IDiskFile
{
    private const int BufferBytes = 256 << 10;

    private readonly SafeFileHandle _handle;
    private readonly string _path;

    // The device reads from memory that begins at a page as well. The array is pinned, so the place within it stays.
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes + DiskPage.Bytes, pinned: true);
    private readonly int _bufferStart;

    /// <summary>The page in which the last write ended, as it is on the disk.</summary>
    private readonly byte[] _lastPage = new byte[DiskPage.Bytes];
    private long _end;

    private FileDiskAppender(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
        long address = Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0);
        _bufferStart = (int)(DiskPage.RoundUp(address) - address);
    }

    public long Length => RandomAccess.GetLength(_handle);

    private Span<byte> Buffer => _buffer.AsSpan(_bufferStart, BufferBytes);

    public static FileDiskAppender Open(string path, bool create)
    {
        int flags = Libc.WriteOnlyCloseOnExec | (create ? Libc.Create | Libc.Exclusively : 0);
        int descriptor = Libc.Open(path, flags | Libc.Direct, Libc.AsTheUmaskSays);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == Libc.InvalidArgument)
        {
            // The file was made all the same: the flag is looked at afterwards.
            descriptor = Libc.Open(path, flags & ~Libc.Exclusively, Libc.AsTheUmaskSays);
        }

        Libc.Check(descriptor, "open", path);
        return new FileDiskAppender(new SafeFileHandle(descriptor, ownsHandle: true), path);
    }

    public int Read(long offset, Span<byte> destination) => throw new NotSupportedException("A file that is appended to is not read.");

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        int lead = (int)(offset % DiskPage.Bytes);
        Invariant.Assert(lead == 0 || offset == _end);
        long end = offset + source.Length;
        long at = offset - lead;
        _lastPage.AsSpan(0, lead).CopyTo(Buffer);
        while (true)
        {
            int count = Math.Min(source.Length, BufferBytes - lead);
            source[..count].CopyTo(Buffer[lead..]);
            source = source[count..];
            int filled = lead + count;
            int whole = (int)DiskPage.RoundUp(filled);
            Buffer[filled..whole].Clear();
            WritePages(at, Buffer[..whole]);
            if (source.IsEmpty)
            {
                Buffer[Math.Max(0, whole - DiskPage.Bytes)..whole].CopyTo(_lastPage);
                _end = end;
                return;
            }

            at += whole;
            lead = 0;
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
        int error = Libc.PosixFallocate(_handle, from, length - from);
        if (error is not (0 or Libc.NotSupported or Libc.InvalidArgument))
        {
            throw Libc.Failure(error, "posix_fallocate", _path);
        }

        // Reserved blocks are marked unwritten, and the first real write to each would go through the journal; zeros end that now.
        Buffer.Clear();
        length = DiskPage.RoundUp(length);
        for (long at = DiskPage.RoundUp(from); at < length; at += BufferBytes)
        {
            WritePages(at, Buffer[..(int)Math.Min(BufferBytes, length - at)]);
        }
    }

    public void Truncate(long length) => Libc.Check(Libc.Ftruncate(_handle, length), "ftruncate", _path);

    /// <summary>One attempt: whatever error comes back, interrupted included, what was written may be lost.</summary>
    public void Sync() => Libc.Check(Libc.Fdatasync(_handle), "fdatasync", _path);

    public void Dispose() => _handle.Dispose();

    private void WritePages(long offset, ReadOnlySpan<byte> pages)
    {
        int done = 0;
        while (done < pages.Length)
        {
            ReadOnlySpan<byte> rest = pages[done..];
            nint count = Libc.Pwrite(_handle, in MemoryMarshal.GetReference(rest), (nuint)rest.Length, offset + done);
            done += (int)Libc.Progress(count, "pwrite", _path);
        }
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>The C library calls of <see cref="FileDisk"/>, and what their error codes mean. Numbers are those of Linux.</summary>
internal static partial class Libc
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int InvalidArgument = 22;
    public const int NoSpace = 28;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int ReadOnlyCloseOnExec = 0x80000;
    public const int ReadWriteCreateCloseOnExec = 0x80042;
    public const int WriteOnlyCloseOnExec = 0x80001;
    public const int Create = 0x40;
    public const int Exclusively = 0x80;
    public const int OwnerReadsAndWrites = 0x180;
    public const int AsTheUmaskSays = 0x1B6;

    /// <summary>O_DIRECT, which is not the same number on all processors.</summary>
    public static readonly int Direct =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x10000 : 0x4000;

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Ftruncate(SafeFileHandle file, long length);

    /// <summary>Returns the error code itself.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    public static partial int PosixFallocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Pread(SafeFileHandle file, ref byte buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Pwrite(SafeFileHandle file, in byte buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    public static void Check(int result, string call, string path)
    {
        if (result < 0)
        {
            throw Failure(Marshal.GetLastPInvokeError(), call, path);
        }
    }

    /// <summary>What a read or write came to; 0 when a signal interrupted it.</summary>
    public static nint Progress(nint count, string call, string path)
    {
        if (count < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error == Interrupted ? 0 : throw Failure(error, call, path);
        }

        return count > 0 ? count : throw new DiskException(DiskFailure.Device, $"{call} on {path} made no progress.");
    }

    public static DiskException Failure(int error, string call, string path)
    {
        DiskFailure failure = error switch
        {
            NoEntry => DiskFailure.NotFound,
            NoSpace or QuotaExceeded => DiskFailure.Full,
            _ => DiskFailure.Device,
        };
        return new DiskException(failure, $"{call} on {path}: {Marshal.GetPInvokeErrorMessage(error)} ({error})");
    }
}

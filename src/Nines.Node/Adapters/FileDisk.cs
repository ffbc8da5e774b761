using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>
/// The disk port over real files below one root directory, on Linux. .NET's own flush is an fsync that ignores some errors, and
/// it has no flush for directories, so the calls that carry promises go to the C library and every error code is looked at.
/// <para>An exclusive lock on the root keeps a second process (or a second disk in this one) away.</para>
/// </summary>
public sealed class FileDisk : IDisk, IDisposable
{
    private const string LockName = "LOCK";

    private readonly string _root;
    private readonly SafeFileHandle _lock;

    /// <exception cref="DirectoryInUseException">Another process works on this directory.</exception>
    /// <exception cref="DiskException">The directory cannot be made or locked.</exception>
    public FileDisk(string root)
    {
        _root = Path.GetFullPath(root);
        try
        {
            Directory.CreateDirectory(_root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiskException(DiskFailure.Device, $"The data directory {_root} cannot be used: {e.Message}", e);
        }

        // Not File.OpenHandle: .NET takes a shared lock of its own on whatever it opens.
        int descriptor = Libc.Open(Path.Combine(_root, LockName), Libc.ReadWriteCreateCloseOnExec, Libc.OwnerReadsAndWrites);
        Libc.Check(descriptor, "open", _root);
        _lock = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Libc.Flock(_lock, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _lock.Dispose();
            throw error == Libc.WouldBlock ? new DirectoryInUseException(_root) : Libc.Failure(error, "flock", _root);
        }
    }

    public long FreeBytes => new DriveInfo(_root).AvailableFreeSpace;

    public IReadOnlyList<string> List(string directory)
    {
        string full = Full(directory);
        if (!Directory.Exists(full))
        {
            return [];
        }

        string[] names = [.. Directory.EnumerateFiles(full).Select(path => Path.GetFileName(path))];
        Array.Sort(names, StringComparer.Ordinal);
        return directory.Length == 0 ? [.. names.Where(name => name != LockName)] : names;
    }

    public bool Exists(string path) => File.Exists(Full(path));

    public IDiskFile Open(string path, DiskOpen mode)
    {
        string full = Full(path);
        try
        {
            if (mode is DiskOpen.Create or DiskOpen.CreateAppend)
            {
                // A new file, not the old one emptied: who reads the old one goes on reading it.
                Delete(path);
            }

            if (mode is DiskOpen.Append or DiskOpen.CreateAppend)
            {
                return FileDiskAppender.Open(full, create: mode == DiskOpen.CreateAppend);
            }

            FileMode fileMode = mode == DiskOpen.Create ? FileMode.CreateNew : FileMode.Open;
            FileAccess access = mode == DiskOpen.Read ? FileAccess.Read : FileAccess.ReadWrite;
            return new FileDiskFile(File.OpenHandle(full, fileMode, access, FileShare.ReadWrite | FileShare.Delete), full);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DiskException(DiskFailure.NotFound, $"There is no {path}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiskException(
                e.HResult == Libc.NoSpace ? DiskFailure.Full : DiskFailure.Device, $"{path} cannot be opened: {e.Message}", e);
        }
    }

    public void Rename(string from, string to) => Libc.Check(Libc.Rename(Full(from), Full(to)), "rename", from);

    public void Delete(string path)
    {
        if (Libc.Unlink(Full(path)) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Libc.NoEntry)
            {
                throw Libc.Failure(error, "unlink", path);
            }
        }
    }

    public void CreateDirectory(string directory)
    {
        string full = Full(directory);
        if (Directory.Exists(full))
        {
            return;
        }

        string parent = directory.Contains('/', StringComparison.Ordinal) ? directory[..directory.LastIndexOf('/')] : "";
        if (directory.Length > 0)
        {
            CreateDirectory(parent);
        }

        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiskException(DiskFailure.Device, $"The directory {directory} cannot be made: {e.Message}", e);
        }

        SyncDirectory(parent);
    }

    public void SyncDirectory(string directory)
    {
        string full = Full(directory);
        int descriptor = Libc.Open(full, Libc.ReadOnlyCloseOnExec, 0);
        Libc.Check(descriptor, "open", directory);
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Libc.Check(Libc.Fsync(handle), "fsync", directory);
    }

    public void Dispose() => _lock.Dispose();

    private string Full(string path) => path.Length == 0 ? _root : Path.Combine(_root, path);
}

/// <summary>Another process holds the data directory.</summary>
public sealed class DirectoryInUseException(string directory)
    : Exception($"The data directory {directory} is in use by another process. Stop that process, or give this node its own directory.");

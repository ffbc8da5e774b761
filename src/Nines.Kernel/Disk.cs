namespace Nines.Kernel;

/// <summary>How <see cref="IDisk.Open"/> opens a file.</summary>
public enum DiskOpen
{
    /// <summary>The file must exist. Read only.</summary>
    Read,

    /// <summary>The file must exist. Read and write.</summary>
    ReadWrite,

    /// <summary>A new, empty file; one of that name is replaced.</summary>
    Create,

    /// <summary>
    /// The file must exist. It is written from front to back and not read: each write begins at a multiple of
    /// <see cref="DiskPage.Bytes"/> or where the last one that ended well ended, and turns the rest of its last page into zeros.
    /// So the device can be given whole pages that never pass through the system's page cache.
    /// </summary>
    Append,

    /// <summary>As <see cref="Append"/>, a new, empty file.</summary>
    CreateAppend,
}

/// <summary>The unit in which a disk keeps or loses what was written.</summary>
public static class DiskPage
{
    public const int Bytes = 4096;

    /// <summary>The lowest multiple of a page that is not below the length.</summary>
    public static long RoundUp(long length) => (length + Bytes - 1) / Bytes * Bytes;
}

/// <summary>
/// The disk port. Paths are relative to the node's data directory, with '/' between names. Calls are synchronous and may
/// block; the log and the store make them from background work, never from a reactor's turn, except small reads.
/// <para>Contract, which the simulated disk takes literally:</para>
/// <list type="bullet">
/// <item>What was written is visible to reads at once, and durable only after <see cref="IDiskFile.Sync"/> returned.
/// Until then a crash may keep any subset of the written 4 KiB pages, also half of one.</item>
/// <item>A file's existence, name and deletion are durable only after <see cref="SyncDirectory"/> of its directory.</item>
/// <item><see cref="Rename"/> is atomic: after a crash the name shows the old file or the new one. Sync the file first.</item>
/// <item>A failed <see cref="IDiskFile.Sync"/> is final: the pages may be marked clean though they are lost
/// (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020). The node stops.</item>
/// </list>
/// </summary>
public interface IDisk
{
    /// <summary>Bytes that can still be written; an estimate.</summary>
    long FreeBytes { get; }

    /// <summary>The names (not paths) of the files in a directory, in ordinal order. Empty when there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    bool Exists(string path);

    /// <exception cref="DiskException">No such file, or the device failed.</exception>
    IDiskFile Open(string path, DiskOpen mode);

    void Rename(string from, string to);

    /// <summary>Deletes a file; silent when there is none. Files that are open stay readable until disposed.</summary>
    void Delete(string path);

    /// <summary>Makes a directory and those above it, durably; silent when it is there.</summary>
    void CreateDirectory(string directory);

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    void SyncDirectory(string directory);
}

/// <summary>An open file. One writer; any number of concurrent readers.</summary>
public interface IDiskFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills the destination from the offset on; gives fewer bytes only at the end of the file.</summary>
    int Read(long offset, Span<byte> destination);

    /// <summary>Writes all bytes; extends the file when needed.</summary>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Writes zeros up to the length, so that later writes inside it need no new blocks and sync faster.</summary>
    void Allocate(long length);

    void Truncate(long length);

    /// <summary>Makes all earlier writes and the length durable (fdatasync). Throws when the device says otherwise.</summary>
    void Sync();
}

/// <summary>What a failed disk call means for the caller.</summary>
public enum DiskFailure
{
    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>No space left: nothing was lost, the write did not happen.</summary>
    Full,

    /// <summary>The device failed. After a failed sync nothing is known about unsynced writes.</summary>
    Device,
}

/// <summary>A disk call failed.</summary>
public sealed class DiskException : Exception
{
    public DiskException(DiskFailure failure, string message, Exception? inner = null)
        : base(message, inner)
    {
        Failure = failure;
    }

    public DiskFailure Failure { get; }
}

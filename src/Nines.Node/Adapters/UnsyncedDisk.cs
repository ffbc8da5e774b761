using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>A disk that does not flush, for data that may be thrown away: disk.sync = false, allowed only together with ephemeral.</summary>
internal sealed class UnsyncedDisk(IDisk disk) : IDisk
{
    public long FreeBytes => disk.FreeBytes;

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public bool Exists(string path) => disk.Exists(path);

    public IDiskFile Open(string path, DiskOpen mode) => new UnsyncedFile(disk.Open(path, mode));

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public void SyncDirectory(string directory)
    {
        // Nothing here outlives the machine's power.
    }

    private sealed class UnsyncedFile(IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Allocate(long length) => file.Allocate(length);

        public void Truncate(long length) => file.Truncate(length);

        public void Sync()
        {
            // Nothing here outlives the machine's power.
        }

        public void Dispose() => file.Dispose();
    }
}

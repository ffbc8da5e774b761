using Nines.Kernel;

namespace Nines.Storage.Tests.Store;

/// <summary>Counts open handles.</summary>
internal sealed class CountingDisk(IDisk disk) : IDisk
{
    public int Open { get; private set; }

    public long FreeBytes => disk.FreeBytes;

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public bool Exists(string path) => disk.Exists(path);

    IDiskFile IDisk.Open(string path, DiskOpen mode)
    {
        var file = new CountedFile(this, disk.Open(path, mode));
        Open++;
        return file;
    }

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public void SyncDirectory(string directory) => disk.SyncDirectory(directory);

    private sealed class CountedFile(CountingDisk owner, IDiskFile file) : IDiskFile
    {
        private bool _closed;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> destination)
        {
            Assert.False(_closed);
            return file.Read(offset, destination);
        }

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Allocate(long length) => file.Allocate(length);

        public void Truncate(long length) => file.Truncate(length);

        public void Sync() => file.Sync();

        public void Dispose()
        {
            owner.Open -= _closed ? 0 : 1;
            _closed = true;
            file.Dispose();
        }
    }
}

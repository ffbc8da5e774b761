using Nines.Kernel;

namespace Nines.Bench;

/// <summary>Files as arrays: a disk that costs next to nothing, so that what is above it shows.</summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly SortedDictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);

    public long FreeBytes => 1L << 40;

    public IReadOnlyList<string> List(string directory)
    {
        string prefix = directory.Length == 0 ? "" : directory + "/";
        return [.. _files.Keys.Where(path => path.StartsWith(prefix, StringComparison.Ordinal))
            .Select(path => path[prefix.Length..]).Where(name => !name.Contains('/', StringComparison.Ordinal))];
    }

    public bool Exists(string path) => _files.ContainsKey(path);

    public IDiskFile Open(string path, DiskOpen mode)
    {
        if (mode is DiskOpen.Create or DiskOpen.CreateAppend)
        {
            _files[path] = new MemoryFile();
        }

        return _files.TryGetValue(path, out MemoryFile? file)
            ? file : throw new DiskException(DiskFailure.NotFound, $"There is no {path}.");
    }

    public void Rename(string from, string to)
    {
        _files[to] = _files[from];
        _files.Remove(from);
    }

    public void Delete(string path) => _files.Remove(path);

    public void CreateDirectory(string directory)
    {
        // A directory is only a part of its files' names.
    }

    public void SyncDirectory(string directory)
    {
        // Nothing here outlives the process.
    }

    private sealed class MemoryFile : IDiskFile
    {
        private byte[] _bytes = [];

        public long Length { get; private set; }

        public int Read(long offset, Span<byte> destination)
        {
            int count = (int)Math.Clamp(Length - offset, 0, destination.Length);
            _bytes.AsSpan((int)offset, count).CopyTo(destination);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            Allocate(offset + source.Length);
            source.CopyTo(_bytes.AsSpan((int)offset));
        }

        public void Allocate(long length)
        {
            if (length > _bytes.Length)
            {
                Array.Resize(ref _bytes, (int)Math.Max(length, _bytes.Length * 2L));
            }

            Length = Math.Max(Length, length);
        }

        public void Truncate(long length)
        {
            Allocate(length);
            _bytes.AsSpan((int)length).Clear();
            Length = length;
        }

        public void Sync()
        {
            // Nothing here outlives the process.
        }

        public void Dispose()
        {
            // The disk keeps the bytes.
        }
    }
}

using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>Files in memory, without faults and without bookkeeping: fast enough for millions of inputs.</summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly SortedDictionary<string, Content> _files = new(StringComparer.Ordinal);

    public long FreeBytes => 1L << 40;

    /// <summary>Puts a file there as it is.</summary>
    public void Place(string path, ReadOnlySpan<byte> bytes) => _files[path] = new Content { Bytes = bytes.ToArray(), Length = bytes.Length };

    public byte[] Peek(string path) => _files[path].Bytes.AsSpan(0, _files[path].Length).ToArray();

    public void Clear() => _files.Clear();

    public IReadOnlyList<string> List(string directory)
    {
        string prefix = directory.Length == 0 ? "" : directory + "/";
        return
        [
            .. _files.Keys.Where(f => f.StartsWith(prefix, StringComparison.Ordinal))
                .Select(f => f[prefix.Length..]).Where(f => !f.Contains('/', StringComparison.Ordinal)),
        ];
    }

    public bool Exists(string path) => _files.ContainsKey(path);

    public IDiskFile Open(string path, DiskOpen mode)
    {
        if (mode is DiskOpen.Create or DiskOpen.CreateAppend)
        {
            _files[path] = new Content();
        }

        return _files.TryGetValue(path, out Content? content)
            ? new MemoryFile(content)
            : throw new DiskException(DiskFailure.NotFound, path);
    }

    public void Rename(string from, string to)
    {
        _files[to] = _files[from];
        _files.Remove(from);
    }

    public void Delete(string path) => _files.Remove(path);

    public void CreateDirectory(string directory)
    {
    }

    public void SyncDirectory(string directory)
    {
    }

    private sealed class Content
    {
        public byte[] Bytes { get; set; } = [];

        public int Length { get; set; }

        public void Resize(long length)
        {
            Invariant.Assert(length is >= 0 and < 1 << 24);
            if (length > Bytes.Length)
            {
                byte[] larger = new byte[Math.Max(length, Bytes.Length * 2)];
                Bytes.AsSpan(0, Length).CopyTo(larger);
                Bytes = larger;
            }

            if (length < Length)
            {
                Bytes.AsSpan((int)length..Length).Clear();
            }

            Length = (int)length;
        }
    }

    private sealed class MemoryFile(Content content) : IDiskFile
    {
        public long Length => content.Length;

        public int Read(long offset, Span<byte> destination)
        {
            if (offset >= content.Length)
            {
                return 0;
            }

            ReadOnlySpan<byte> from = content.Bytes.AsSpan((int)offset..content.Length);
            int count = Math.Min(from.Length, destination.Length);
            from[..count].CopyTo(destination);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            if (offset + source.Length > content.Length)
            {
                content.Resize(offset + source.Length);
            }

            source.CopyTo(content.Bytes.AsSpan((int)offset));
        }

        public void Allocate(long length)
        {
            if (length > content.Length)
            {
                content.Resize(length);
            }
        }

        public void Truncate(long length) => content.Resize(length);

        public void Sync()
        {
        }

        public void Dispose()
        {
        }
    }
}

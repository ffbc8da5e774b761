using System.Diagnostics;
using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>
/// A file's content, once as the page cache shows it and once as the device holds it. A page that is the same array in both is
/// clean; the first write after a sync copies it, so a sync moves references and costs what is dirty, never the whole file.
/// A missing page reads as zeros. Bytes behind the length are zero in every cached page.
/// </summary>
[DebuggerDisplay("{Length} bytes")]
internal sealed class SimulatedInode(PagePool pool)
{
    private const int PageBytes = PagePool.PageBytes;
    private const int SectorBytes = 512;

    private readonly List<int> _dirtyPages = [];
    private byte[]?[] _cached = new byte[]?[4];
    private byte[]?[] _durable = new byte[]?[4];

    // Clean and yet different from the device after a failed sync: such a page is lost at the next power loss.
    private bool[] _dirty = new bool[4];
    private bool _lengthDirty;
    private long _durableLength;

    public long Length { get; private set; }

    /// <summary>No name leads here any more: the content counts no longer against the capacity.</summary>
    public bool Unlinked { get; set; }

    public int DirtyPages => _dirtyPages.Count;

    public int Read(long offset, Span<byte> destination)
    {
        int count = (int)Math.Clamp(Length - offset, 0, destination.Length);
        int done = 0;
        while (done < count)
        {
            (int page, int at) = Locate(offset + done);
            int piece = Math.Min(count - done, PageBytes - at);
            Span<byte> target = destination.Slice(done, piece);
            if (page < _cached.Length && _cached[page] is { } bytes)
            {
                bytes.AsSpan(at, piece).CopyTo(target);
            }
            else
            {
                target.Clear();
            }

            done += piece;
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        int done = 0;
        while (done < source.Length)
        {
            (int page, int at) = Locate(offset + done);
            int piece = Math.Min(source.Length - done, PageBytes - at);
            source.Slice(done, piece).CopyTo(Writable(page).AsSpan(at, piece));
            done += piece;
        }

        if (offset + source.Length > Length)
        {
            Resize(offset + source.Length);
        }

        // After a lost sync the device knows less of the length than the cache; writing the bytes again tells it.
        _lengthDirty |= offset + source.Length > _durableLength;
    }

    public void Resize(long length)
    {
        if (length == Length)
        {
            return;
        }

        for (int page = (int)((length + PageBytes - 1) / PageBytes); page < _cached.Length; page++)
        {
            if (_cached[page] is { } bytes)
            {
                MarkDirty(page);
                _cached[page] = null;
                if (!ReferenceEquals(bytes, _durable[page]))
                {
                    pool.Return(bytes);
                }
            }
        }

        (int last, int end) = Locate(length);
        if (length < Length && end > 0 && last < _cached.Length && _cached[last] != null)
        {
            Writable(last).AsSpan(end).Clear();
        }

        Length = length;
        _lengthDirty = true;
    }

    public int Sync()
    {
        int pages = _dirtyPages.Count;
        foreach (int page in _dirtyPages)
        {
            Store(page, _cached[page]);
            _dirty[page] = false;
        }

        _dirtyPages.Clear();
        if (_lengthDirty)
        {
            _durableLength = Length;
            _lengthDirty = false;
        }

        return pages;
    }

    /// <summary>The kernel forgets that the pages are dirty, and the device never got them.</summary>
    public void LoseSync()
    {
        foreach (int page in _dirtyPages)
        {
            _dirty[page] = false;
        }

        _dirtyPages.Clear();
        _lengthDirty = false;
    }

    /// <summary>One dirty page lands where another one belongs; the rest arrives.</summary>
    public void MisdirectSync(Prng prng)
    {
        int pages = (int)((Length + PageBytes - 1) / PageBytes);
        if (_dirtyPages.Count == 0 || pages < 2)
        {
            Sync();
            return;
        }

        int from = prng.Pick(_dirtyPages);
        int to = (from + 1 + prng.Below(pages - 1)) % pages;
        byte[]? before = Copy(_durable[from]);
        byte[]? moved = Copy(_cached[from]);
        Sync();
        Diverge(from, before);
        if (to < _durable.Length)
        {
            Diverge(to, moved);
        }
    }

    /// <summary>A power loss: afterwards the cache shows what the device has.</summary>
    public void Crash(Prng prng, in CrashOptions options)
    {
        foreach (int page in _dirtyPages)
        {
            double roll = prng.Unit();
            if (roll < options.KeepPage)
            {
                Store(page, _cached[page]);
            }
            else if (roll < options.KeepPage + options.TearPage)
            {
                Store(page, Torn(page, prng));
            }
            else if (roll < options.KeepPage + options.TearPage + options.GarbagePage)
            {
                Store(page, Garbage(page, prng));
            }
        }

        long length = _lengthDirty ? CrashLength(prng, options.KeepLength) : _durableLength;
        _dirtyPages.Clear();
        Array.Clear(_dirty);
        for (int page = 0; page < _cached.Length; page++)
        {
            if (_cached[page] is { } bytes && !ReferenceEquals(bytes, _durable[page]))
            {
                pool.Return(bytes);
            }

            _cached[page] = _durable[page];
        }

        // The device may hold pages behind the length; the file system never shows them.
        Length = long.MaxValue;
        Resize(length);
        Sync();
    }

    /// <summary>Changes what the device holds, and what reads show, without anybody having written.</summary>
    public void Corrupt(long offset, int count, Action<Span<byte>> change)
    {
        for (int done = 0; done < count;)
        {
            (int page, int at) = Locate(offset + done);
            int piece = Math.Min(count - done, PageBytes - at);
            Grow(page);
            if (_cached[page] is { } cached && !ReferenceEquals(cached, _durable[page]))
            {
                change(cached.AsSpan(at, piece));
            }
            else
            {
                byte[] bytes = Copy(_durable[page]) ?? new byte[PageBytes];
                change(bytes.AsSpan(at, piece));
                _cached[page] = bytes;
                _durable[page] = bytes;
            }

            done += piece;
        }
    }

    public FileImage Save()
    {
        var pages = new byte[]?[_cached.Length];
        for (int page = 0; page < pages.Length; page++)
        {
            pages[page] = Copy(_cached[page]);
        }

        return new FileImage(Length, pages);
    }

    /// <summary>Takes over an image, cache and device alike.</summary>
    public void Restore(FileImage image)
    {
        Grow(image.Pages.Length - 1);
        for (int page = 0; page < _cached.Length; page++)
        {
            _cached[page] = page < image.Pages.Length ? Copy(image.Pages[page]) : null;
            MarkDirty(page);
        }

        Length = image.Length;
        _lengthDirty = true;
        Sync();
    }

    private static (int Page, int At) Locate(long offset) => ((int)(offset / PageBytes), (int)(offset % PageBytes));

    private static byte[]? Copy(byte[]? page) => page == null ? null : (byte[])page.Clone();

    private void Grow(int page)
    {
        if (page >= _cached.Length)
        {
            int size = Math.Max(page + 1, _cached.Length * 2);
            Array.Resize(ref _cached, size);
            Array.Resize(ref _durable, size);
            Array.Resize(ref _dirty, size);
        }
    }

    private void MarkDirty(int page)
    {
        if (!_dirty[page])
        {
            _dirty[page] = true;
            _dirtyPages.Add(page);
        }
    }

    private byte[] Writable(int page)
    {
        Grow(page);
        MarkDirty(page);
        byte[]? bytes = _cached[page];
        if (bytes == null)
        {
            bytes = pool.Rent();
            bytes.AsSpan().Clear();
            _cached[page] = bytes;
        }
        else if (ReferenceEquals(bytes, _durable[page]))
        {
            byte[] copy = pool.Rent();
            bytes.CopyTo(copy.AsSpan());
            bytes = copy;
            _cached[page] = bytes;
        }

        return bytes;
    }

    private void Store(int page, byte[]? bytes)
    {
        if (_durable[page] is { } old && !ReferenceEquals(old, bytes))
        {
            pool.Return(old);
        }

        _durable[page] = bytes;
    }

    // After a misdirected write the cache and the device differ without a dirty mark, as after a lost sync.
    private void Diverge(int page, byte[]? onDevice) => _durable[page] = onDevice;

    private byte[] Torn(int page, Prng prng)
    {
        byte[] result = Copy(_durable[page]) ?? new byte[PageBytes];
        for (int at = 0; at < PageBytes; at += SectorBytes)
        {
            if (prng.Chance(0.5))
            {
                CachedPiece(page, at).CopyTo(result.AsSpan(at, SectorBytes));
            }
        }

        return result;
    }

    private byte[] Garbage(int page, Prng prng)
    {
        byte[] result = Copy(_cached[page]) ?? new byte[PageBytes];
        byte[] before = _durable[page] ?? new byte[PageBytes];
        int first = result.AsSpan().CommonPrefixLength(before);
        int end = PageBytes;
        while (end > first && result[end - 1] == before[end - 1])
        {
            end--;
        }

        if (first < end)
        {
            int from = prng.Between(first, end - 1);
            prng.Fill(result.AsSpan(from, prng.Between(1, end - from)));
        }

        return result;
    }

    private ReadOnlySpan<byte> CachedPiece(int page, int at) =>
        _cached[page] is { } bytes ? bytes.AsSpan(at, SectorBytes) : new byte[SectorBytes];

    private long CrashLength(Prng prng, double keep)
    {
        if (prng.Chance(keep))
        {
            return Length;
        }

        long low = Math.Min(Length, _durableLength);
        long high = Math.Max(Length, _durableLength);
        return prng.Chance(0.5) ? _durableLength : low + prng.Below(high - low + 1);
    }
}

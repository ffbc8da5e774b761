using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// Work beside the flushes, for <see cref="Lane.Store"/>: makes the next segment ready, by renaming a free one or by writing a new
/// file full of zeros, deletes free ones that are too many, and asks for the free space. Bounded steps; nothing waits for it.
/// </summary>
public sealed class LogMaintenance : IBackgroundWork
{
    private const int ZerosPerStep = 1 << 20;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly SegmentMark _mark;
    private readonly Queue<LogSegment> _deletions = new();
    private LogSegment? _recycled;
    private LogSegment? _next;
    private bool _namesChanged;
    private bool _markIsDue;
    private bool _sparing;

    internal LogMaintenance(IDisk disk, string directory, LogOptions options, SegmentMark mark)
    {
        _mark = mark;
        _disk = disk;
        _directory = directory;
        _options = options;
    }

    /// <summary>The segment that is ready for use once the work has ended well.</summary>
    internal LogSegment? Prepared { get; private set; }

    internal long FreeBytes { get; private set; }

    /// <inheritdoc/>
    public bool Step()
    {
        if (_next != null && Prepared == null)
        {
            return Open(_next);
        }

        // Each name is durable before the next changes: old segments go strictly oldest first, so that a crash leaves an
        // unbroken end of the log. And before the segment is used: a batch could be lost with the name of its file.
        if (_namesChanged)
        {
            _disk.SyncDirectory(_directory);
            _namesChanged = false;
            if (Prepared != null)
            {
                Prepared.NameIsDurable = true;
            }

            return true;
        }

        // Not before its name is durable: a crash might give a recycled file its old name back, and the header with it.
        if (_markIsDue)
        {
            _mark.Write(Prepared!);
            Prepared!.File!.Sync();
            _markIsDue = false;
            return true;
        }

        if (_deletions.TryDequeue(out LogSegment? old))
        {
            _disk.Delete(old.Path);
            _namesChanged = true;
            return true;
        }

        if (Prepared != null && Prepared.FileBytes < _options.SegmentBytes)
        {
            // Each piece is synced by itself: one great sync would hold up the log's own.
            Prepared.FileBytes = Math.Min(_options.SegmentBytes, Prepared.FileBytes + ZerosPerStep);
            Prepared.File!.Allocate(Prepared.FileBytes);
            Prepared.File.Sync();
            return true;
        }

        FreeBytes = _disk.FreeBytes;
        return false;
    }

    internal void Prepare(LogSegment? recycled, LogSegment next, bool sparing)
    {
        _recycled = recycled;
        _next = next;
        _sparing = sparing && recycled == null;
    }

    internal void Delete(LogSegment segment) => _deletions.Enqueue(segment);

    private bool Open(LogSegment next)
    {
        if (_recycled != null)
        {
            // Its old bytes stay: every batch names its segment, so they cannot pass for new ones.
            _disk.Rename(_recycled.Path, next.Path);
        }
        else if (_sparing || _disk.FreeBytes < _options.ReserveBytes + _options.SegmentBytes)
        {
            _next = null;
            return true;
        }

        next.File = _disk.Open(next.Path, _recycled != null ? DiskOpen.Append : DiskOpen.CreateAppend);
        next.FileBytes = next.File.Length;
        Prepared = next;
        _namesChanged = true;
        _markIsDue = true;
        return true;
    }
}

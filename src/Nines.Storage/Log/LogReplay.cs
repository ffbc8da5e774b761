using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// Reads a log again, segment by segment, batch by batch, and decides what damage means:
/// <list type="bullet">
/// <item>Batch n + 1 is written only after the sync of batch n returned. So whatever is found of a later batch, or a seal, or a
/// later segment, proves that a batch was durable, and then everything wrong with it is damage. Nothing is cut.</item>
/// <item>The last batch without such proof and not whole is a write that never ended: it is cut. Its terms and votes
/// are taken over where they can be read: to remember a promise that was perhaps not made is safe, to forget one is not.</item>
/// <item>Of a damaged batch one copy of the directory says what was in it: what cannot be read becomes holes. If both are gone, an
/// echo or the next checkpoint says it. If there is none, nobody knows who is concerned: every group is lost.</item>
/// </list>
/// </summary>
internal sealed partial class LogReplay
{
    private readonly SortedDictionary<int, ReplayedGroup> _groups = [];
    private readonly ScannedContent _content = new();
    private SegmentScan _scan = null!;
    private LogSegment _segment = null!;
    private string _name = "";

    // Batches are gone and nothing has said yet what was in them.
    private bool _unknown;

    public List<LogFinding> Findings { get; } = [];

    /// <summary>The number the next batch will have. 0 until the first segment.</summary>
    public long NextBatch { get; private set; }

    public long TornBytes { get; private set; }

    public bool IsDamaged { get; private set; }

    public bool AnyGroupMayBeLost { get; private set; }

    /// <summary>Set when a planted bug cuts at damage: nothing behind it is read.</summary>
    public bool CutAtDamage { get; private set; }

    public IEnumerable<ReplayedGroup> Groups => _groups.Values.Where(group => group.Exists);

    /// <param name="scan">What was found in the segment.</param>
    /// <param name="segment">The segment as the live log will know it.</param>
    /// <param name="durable">A batch that something outside this segment proves durable.</param>
    /// <param name="voidFrom">The first batch of the next segment: what is found of it here was cut by an earlier recovery. Null in the last.</param>
    public void Read(SegmentScan scan, LogSegment segment, long durable, long? voidFrom)
    {
        _scan = scan;
        _segment = segment;
        _name = LogFormat.SegmentName(scan.Sequence);
        foreach (long page in scan.UnreadablePages)
        {
            Find(LogFindingKind.Unreadable, page, "the device does not give this page");
        }

        Start();
        long end = voidFrom ?? long.MaxValue;
        long proven = voidFrom is { } next ? next - 1 : Math.Max(scan.Proven, durable);
        if (!scan.HasHeader && proven >= scan.FirstBatch)
        {
            Find(LogFindingKind.CopyDamaged, 0, "the segment's header is damaged");
        }

        SegmentEchoes echoes = SegmentEchoes.Of(scan, _content, NextBatch, proven, end);
        foreach ((long number, ScannedBatch batch) in scan.Batches)
        {
            if (number >= end || CutAtDamage || !Take(number, batch, proven, echoes))
            {
                break;
            }
        }

        if (!CutAtDamage)
        {
            Miss(proven + 1, echoes);
        }

        if (voidFrom == null)
        {
            CheckEnd();
        }
    }

    /// <summary>
    /// The file of a segment is not this log's own. If it stands where the log ends, nobody knows what was there, or whether anything was; else a
    /// later segment says what is missing.
    /// </summary>
    public void Refuse(long sequence, string why, bool isAtEnd)
    {
        _name = LogFormat.SegmentName(sequence);
        Find(LogFindingKind.Foreign, 0, why);
        Damaged();
        _unknown |= isAtEnd;
    }

    /// <summary>The last segment was read; this batch is known to have been durable.</summary>
    public void Expect(long durable)
    {
        if (durable > 0 && NextBatch <= durable && !CutAtDamage)
        {
            Find(LogFindingKind.BatchesLost, 0, $"batches {Math.Max(1, NextBatch)} to {durable} are gone");
            Damaged();
            _unknown = true;
            NextBatch = durable + 1;
        }
    }

    /// <summary>All segments were read.</summary>
    public void Finish()
    {
        if (CutAtDamage)
        {
            IsDamaged = false;
        }
        else if (_unknown)
        {
            AnyGroupMayBeLost = true;
            foreach (ReplayedGroup group in _groups.Values)
            {
                group.Lost = group.Exists;
            }
        }
    }

    private void Start()
    {
        bool firstIsThere = _scan.Batches.TryGetValue(_scan.FirstBatch, out ScannedBatch? first)
            && first.Piece.BatchOffset == LogFormat.SegmentHeaderBytes;
        if (NextBatch == 0)
        {
            // What came before the oldest segment is only in its checkpoint. Before batch 1 there was nothing.
            NextBatch = Math.Max(1, _scan.FirstBatch);
            _unknown = NextBatch > 1;
        }
        else if (!_scan.HasHeader && !firstIsThere)
        {
            _unknown = true;
        }
    }

    /// <summary>One batch of which something was found. False: the log ends before it.</summary>
    private bool Take(long number, ScannedBatch batch, long proven, SegmentEchoes echoes)
    {
        long offset = batch.Piece.BatchOffset;
        if (number < NextBatch)
        {
            Find(LogFindingKind.Inconsistent, offset, $"batch {number} is found twice");
            return true;
        }

        Miss(number, echoes);
        if (CutAtDamage)
        {
            return false;
        }

        _content.Read(_scan, batch);
        bool whole = _content.IsComplete && (_scan.HasHeader || number != _scan.FirstBatch);
        if (!whole)
        {
            if (number > proven && !_scan.IsUnreadable(offset, batch.Piece.BatchEnd))
            {
                Cut(batch);
                return false;
            }

            Damage(number, batch);
            if (CutAtDamage)
            {
                return false;
            }
        }

        if (echoes.Covers(number))
        {
            ApplyEcho(echoes.Starting(number));
        }
        else if (_content.HasDirectory)
        {
            Apply(_content.Records);
        }
        else
        {
            _unknown = true;
        }

        FillFrames(batch);
        NextBatch = number + 1;
        return true;
    }

    /// <summary>Batches up to, not including, this one are gone whole.</summary>
    private void Miss(long next, SegmentEchoes echoes)
    {
        if (next <= NextBatch)
        {
            return;
        }

        Find(LogFindingKind.BatchesLost, 0, $"batches {NextBatch} to {next - 1} are gone");
        Damaged();
        if (next - NextBatch > SegmentEchoes.MissingMax)
        {
            _unknown = true;
        }
        else
        {
            for (long number = NextBatch; number < next; number++)
            {
                _unknown |= !echoes.Covers(number);
                ApplyEcho(echoes.Starting(number));
            }
        }

        NextBatch = next;
    }

    private void Damage(long number, ScannedBatch batch)
    {
        Damaged();
        bool frames = _content.HasDirectory && _content.Frames.Count < _content.FramesPromised;
        LogFindingKind kind = !_content.HasDirectory ? LogFindingKind.BatchesLost
            : frames ? LogFindingKind.FramesDamaged : LogFindingKind.CopyDamaged;
        Find(kind, batch.Piece.BatchOffset, $"batch {number} is damaged in {_content.DamagedPlaces} places");
    }

    private void Cut(ScannedBatch batch)
    {
        TornBytes = batch.Piece.BatchEnd - batch.Piece.BatchOffset;
        Find(LogFindingKind.TornTail, batch.Piece.BatchOffset, $"a write of {TornBytes} bytes never ended and was cut");
        foreach (DirectoryRecord record in _content.Records)
        {
            if (record.Kind == RecordKind.Echo)
            {
                break;
            }

            if (record.Kind == RecordKind.HardState)
            {
                ReplayedGroup group = GroupOf(record.Group);
                HardState state = record.ToHardState();
                if (state.Term > group.HardState.Term || (state.Term == group.HardState.Term && group.HardState.Vote.IsNone))
                {
                    group.Apply(record);
                }
            }
        }
    }

    /// <summary>A bad page where the next batch would begin, perhaps behind a seal, may hide a batch that was durable.</summary>
    private void CheckEnd()
    {
        if (_scan.IsUnreadable(_scan.End, _scan.End + (3 * SegmentFile.PageBytes)))
        {
            Find(LogFindingKind.BatchesLost, _scan.End, "a page where the next batch may be cannot be read");
            Damaged();
            _unknown = true;
        }
    }

    private void Damaged()
    {
        IsDamaged = true;
        CutAtDamage |= Planted.Is(PlantedBug.TruncateAtDamage);
    }

    private void Find(LogFindingKind kind, long offset, string text)
    {
        IsDamaged |= kind is not LogFindingKind.TornTail;
        Findings.Add(new LogFinding(kind, _name, offset, text));
    }
}

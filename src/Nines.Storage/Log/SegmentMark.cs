namespace Nines.Storage.Log;

/// <summary>
/// What a prepared segment says before it is used: the log has come this far. The segment in front of it, which is being written to, cannot become
/// what it was before without this being noticed.
/// </summary>
internal readonly record struct SegmentMark(long Life, long DurableBatch)
{
    public void Write(LogSegment segment)
    {
        Span<byte> bytes = stackalloc byte[LogFormat.SegmentHeaderBytes];
        new SegmentHeader(false, segment.Sequence, DurableBatch, Life).Write(bytes);
        segment.File!.Write(0, bytes);
    }
}

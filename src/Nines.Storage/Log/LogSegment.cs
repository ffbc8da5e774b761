using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>One file of the log, as the log knows it while it runs.</summary>
internal sealed class LogSegment(long sequence, string path, long capacity)
{
    public long Sequence { get; set; } = sequence;

    public string Path { get; set; } = path;

    /// <summary>A batch that would end behind this starts a new segment, unless it is the first.</summary>
    public long Capacity { get; set; } = capacity;

    /// <summary>What the file takes on the disk, as far as known.</summary>
    public long FileBytes { get; set; }

    /// <summary>Where the next batch goes.</summary>
    public long Offset { get; set; } = LogFormat.SegmentHeaderBytes;

    /// <summary>How many groups have entries here that are not in the store yet.</summary>
    public int Groups { get; set; }

    /// <summary>Its first batch, with the checkpoint, is on the disk.</summary>
    public bool Started { get; set; }

    /// <summary>The directory was synced since the file got its name.</summary>
    public bool NameIsDurable { get; set; }

    /// <summary>Open while it is written to. Null: a growing segment that its first flush creates.</summary>
    public IDiskFile? File { get; set; }

    public void Close()
    {
        File?.Dispose();
        File = null;
    }
}

using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>Entries, term and vote on their way to the disk, and the messages that wait for them.</summary>
internal sealed class FlushBatch(int due)
{
    public int Due { get; } = due;

    public HardState? HardState { get; init; }

    public List<LogEntry> Entries { get; init; } = [];

    public LogPosition Position { get; init; }

    /// <summary>The log begins behind this from here on; in order with everything else that is written to it.</summary>
    public (LogPosition Position, Configuration Configuration)? Cut { get; init; }

    public List<Packet> Messages { get; } = [];
}

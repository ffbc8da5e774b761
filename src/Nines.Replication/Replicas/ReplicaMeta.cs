using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Replication.Replicas;

/// <summary>
/// What belongs to an applied position beside the keys: it is sealed into the store's manifest and into snapshots together with the
/// data (etcd-io/etcd#13766 shows what happens otherwise).
/// </summary>
/// <param name="Position">The last applied entry.</param>
/// <param name="Configuration">The group's configuration as of that entry.</param>
/// <param name="TimeMs">The group's time: the highest time any applied command carried.</param>
/// <param name="SessionMs">
/// The group's session clock: it counts the time leaders led, by their ticks. Request ids are remembered by it, because wall clocks jump.
/// </param>
/// <param name="Chain">A hash over all applied entries, for comparison between replicas.</param>
internal readonly record struct ReplicaMeta(
    LogPosition Position, Configuration Configuration, long TimeMs, long SessionMs, ulong Chain)
{
    /// <summary>Layout: version 1, time, session clock, chain (8 bytes), configuration.</summary>
    public byte[] Encode()
    {
        var buffer = new ByteBuffer(64);
        buffer.Byte(1);
        buffer.Count(TimeMs);
        buffer.Count(SessionMs);
        buffer.Fixed64(Chain);
        Configuration.Write(buffer);
        return buffer.ToArray();
    }

    public static bool TryDecode(LogPosition position, ReadOnlySpan<byte> bytes, out ReplicaMeta meta)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == 1;
        long time = reader.Counted();
        long session = reader.Counted();
        ulong chain = reader.Fixed64();
        bool decoded = Configuration.TryRead(bytes[reader.Offset..], out Configuration? configuration);
        meta = new(position, configuration ?? Configuration.Empty, time, session, chain);
        return known && decoded && !reader.Failed;
    }

    /// <summary>The chain one entry later.</summary>
    public static ulong Extend(ulong chain, in LogEntry entry)
    {
        unchecked
        {
            ulong crc = Crc32C.Of(entry.Payload.Span);
            ulong mixed = chain ^ ((ulong)entry.Term.Value * 0x9E3779B97F4A7C15) ^ (crc << 8) ^ (ulong)entry.Kind;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}

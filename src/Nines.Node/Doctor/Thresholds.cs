using System.Globalization;
using Nines.Node.Configuration;
using Nines.Node.Hosting;

namespace Nines.Node.Doctor;

/// <summary>Where good ends and bad begins. Pure: measured numbers in, findings out.</summary>
public static class Thresholds
{
    private const long OneGiB = 1L << 30;

    /// <summary>Every write waits for a majority's flush, so the flush is the floor of every write.</summary>
    public static Finding Flush(double p50Ms, double p99Ms, int samples)
    {
        string measured = $"fdatasync of 4 KiB: p50 {p50Ms:0.00} ms, p99 {p99Ms:0.00} ms over {samples} writes";
        return (p50Ms, p99Ms) switch
        {
            ( > 20, _) => new Finding("disk flush", Verdict.Bad, measured,
                "Every write takes at least this long, and elections may start without need. Use a local SSD or NVMe, not a network disk."),
            ( > 5, _) or (_, > 50) => new Finding("disk flush", Verdict.Warning, measured,
                "Writes will be slow. Use a local SSD, keep other programs off it, or raise timeouts.election."),
            ( < 0.02, _) => new Finding("disk flush", Verdict.Warning, measured,
                "Too fast to be true: the disk, or the virtual machine's disk, may acknowledge before the data is safe (tmpfs, cache=unsafe). "
                + "A power cut can then lose acknowledged writes."),
            _ => new Finding("disk flush", Verdict.Good, measured, ""),
        };
    }

    public static Finding FreeSpace(long freeBytes)
    {
        string measured = $"{freeBytes / (double)OneGiB:0.0} GiB free";
        return freeBytes switch
        {
            < OneGiB / 4 => new Finding("free space", Verdict.Bad, measured, "Below disk.reserve a node refuses writes. Free some space."),
            < 2 * OneGiB => new Finding("free space", Verdict.Warning, measured, "Little for the log, tables and compaction. Plan for three times the data."),
            _ => new Finding("free space", Verdict.Good, measured, ""),
        };
    }

    /// <summary>A node caps limits.connections at what the limit leaves for clients.</summary>
    public static Finding OpenFiles(DescriptorLimit limit)
    {
        const string Raise = "Raise it: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit.";
        int wanted = int.Parse(ConfigurationKeys.LimitConnections.Default, CultureInfo.InvariantCulture);
        int clients = limit.TablesConnections(wanted);
        string measured = $"{limit.Descriptors} open files allowed, {clients} clients at once";
        return (limit.Descriptors, clients < wanted) switch
        {
            ( < 1024, _) => new Finding("open files", Verdict.Bad, measured, Raise),
            (_, true) => new Finding("open files", Verdict.Warning, measured, $"A node turns further clients away, whatever limits.connections says. {Raise}"),
            _ => new Finding("open files", Verdict.Good, measured, ""),
        };
    }

    public static Finding Memory(long availableBytes)
    {
        string measured = $"{availableBytes / (double)OneGiB:0.0} GiB available";
        return availableBytes switch
        {
            < OneGiB / 4 => new Finding("memory", Verdict.Bad, measured, "A node wants 256 MiB at least, 1 GiB to be comfortable."),
            < OneGiB => new Finding("memory", Verdict.Warning, measured, "Enough for one quiet node; three on this machine will be tight."),
            _ => new Finding("memory", Verdict.Good, measured, ""),
        };
    }

    /// <summary>The service that keeps the tables.</summary>
    /// <param name="endpoint">Where it should be.</param>
    /// <param name="trouble">Why it does not answer; empty when it does.</param>
    public static Finding Endpoint(Uri endpoint, string trouble) => trouble.Length == 0
        ? new Finding("tables endpoint", Verdict.Good, $"{endpoint} answers", "")
        : new Finding("tables endpoint", Verdict.Bad, $"{endpoint} does not answer: {trouble}",
            "Start the service, correct tables.endpoint, or let this machine reach it; no proxy is used.");

    public static Finding Processors(int count) => count < 2
        ? new Finding("processors", Verdict.Warning, $"{count}", "One processor shares its time between flushing, serving and elections. Give a node two.")
        : new Finding("processors", Verdict.Good, $"{count}", "");

    /// <summary>Wall-clock time is only data here (time to live, time stamps), so a wrong clock cannot break consistency; it confuses people.</summary>
    public static Finding Clock(DateTimeOffset now, bool? synchronized)
    {
        string measured = $"{now:yyyy-MM-dd HH:mm:ss} UTC, {synchronized switch { true => "synchronized", false => "not synchronized", null => "synchronization not known" }}";
        if (now.Year < 2024)
        {
            return new Finding("clock", Verdict.Bad, measured, "The clock is years behind. Set it, and run chrony or systemd-timesyncd.");
        }

        return synchronized == false
            ? new Finding("clock", Verdict.Warning, measured, "Run chrony or systemd-timesyncd: time to live and time stamps follow this clock.")
            : new Finding("clock", Verdict.Good, measured, "");
    }

    /// <summary>How late a sleeping thread wakes up tells whether heartbeats will be in time.</summary>
    public static Finding Wakeups(double worstLateMs)
    {
        string measured = $"threads wake up at most {worstLateMs:0.0} ms late";
        return worstLateMs switch
        {
            > 150 => new Finding("scheduling", Verdict.Bad, measured, "The machine is overloaded or paused; elections will start without need. Move load away."),
            > 40 => new Finding("scheduling", Verdict.Warning, measured, "The machine is busy. Raise timeouts.election, or move load away."),
            _ => new Finding("scheduling", Verdict.Good, measured, ""),
        };
    }
}

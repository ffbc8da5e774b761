using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Configuration;
using Nines.Node.Hosting;

namespace Nines.Node.Doctor;

/// <summary>Measures the machine a node is going to run on. Takes a second or two; leaves nothing behind.</summary>
public static partial class Checkup
{
    private const int FlushSamples = 200;
    private const int WakeupSamples = 40;
    private const int ClockUnsynchronized = 5; // TIME_ERROR of adjtimex(2)

    public static IEnumerable<Finding> Run(Examination what)
    {
        yield return Thresholds.Processors(Environment.ProcessorCount);
        yield return Thresholds.Memory(AvailableMemory());
        yield return Thresholds.OpenFiles(DescriptorLimit.OfProcess());
        yield return Thresholds.Clock(DateTimeOffset.UtcNow, ClockSynchronized());
        yield return Thresholds.Wakeups(WorstWakeup());
        foreach (Finding finding in Disk(what.DataDirectory))
        {
            yield return finding;
        }

        foreach ((string use, IPEndPoint address) in what.Listeners)
        {
            yield return Port(use, address);
        }
    }

    private static List<Finding> Disk(string directory)
    {
        // A directory beside the nodes' own: the doctor may be called while a cluster runs on them.
        string probe = Path.Combine(directory, "doctor-" + Guid.NewGuid().ToString("N"));
        List<string> made = [.. Missing(directory)];
        try
        {
            using var disk = new FileDisk(probe);
            (double p50, double p99) = FlushTimes(disk);
            return [Thresholds.FreeSpace(disk.FreeBytes), Thresholds.Flush(p50, p99, FlushSamples)];
        }
        catch (DiskException e)
        {
            return [new Finding("data directory", Verdict.Bad, e.Message, $"Make {directory} writable for this user, or choose another with --data.")];
        }
        finally
        {
            Remove(probe, made);
        }
    }

    /// <summary>The directory and those above it that do not exist yet, the innermost first.</summary>
    private static IEnumerable<string> Missing(string directory)
    {
        for (string? path = directory; path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
        {
            yield return path;
        }
    }

    /// <summary>What was not there before goes only while it is empty: a node may have been started in it meanwhile.</summary>
    private static void Remove(string probe, List<string> made)
    {
        if (Directory.Exists(probe))
        {
            Directory.Delete(probe, recursive: true);
        }

        foreach (string directory in made.TakeWhile(d => Directory.Exists(d) && !Directory.EnumerateFileSystemEntries(d).Any()))
        {
            Directory.Delete(directory);
        }
    }

    private static (double P50Ms, double P99Ms) FlushTimes(FileDisk disk)
    {
        const int WriteBytes = 4096;
        using IDiskFile file = disk.Open("flush", DiskOpen.Create);
        file.Allocate(FlushSamples * WriteBytes);
        file.Sync();
        byte[] block = new byte[WriteBytes];
        double[] times = new double[FlushSamples];
        for (int i = 0; i < FlushSamples; i++)
        {
            block[0] = (byte)i;
            long start = Stopwatch.GetTimestamp();
            file.Write((long)i * WriteBytes, block);
            file.Sync();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return (times[FlushSamples / 2], times[FlushSamples * 99 / 100]);
    }

    private static double WorstWakeup()
    {
        double worst = 0;
        for (int i = 0; i < WakeupSamples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Thread.Sleep(5);
            worst = Math.Max(worst, Stopwatch.GetElapsedTime(start).TotalMilliseconds - 5);
        }

        return worst;
    }

    /// <summary>Whether a node could listen there.</summary>
    internal static Finding Port(string use, IPEndPoint address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(address);
            socket.Listen();
            return new Finding($"port {address.Port}", Verdict.Good, $"free for {use}", "");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return new Finding($"port {address.Port}", Verdict.Bad, $"in use; wanted for {use}",
                $"A node may be running already (nines status). Otherwise find the program: ss -ltnp 'sport = :{address.Port}'.");
        }
        catch (SocketException e)
        {
            return new Finding(
                $"port {address.Port}", Verdict.Bad, $"{address} for {use}: {e.Message}", ListenAdvice.For(e.SocketErrorCode, address.Port));
        }
    }

    private static long AvailableMemory()
    {
        const string Meminfo = "/proc/meminfo";
        const string Field = "MemAvailable:";
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (!File.Exists(Meminfo))
        {
            return limit;
        }

        string? line = File.ReadLines(Meminfo).FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        string kib = line?[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim() ?? "";
        return long.TryParse(kib, out long value) ? Math.Min(value * 1024, limit) : limit;
    }

    private static bool? ClockSynchronized()
    {
        // Room for struct timex (208 bytes on 64-bit Linux); mode 0 only reads.
        Span<byte> timex = stackalloc byte[512];
        timex.Clear();
        int state = Native.AdjustTime(ref MemoryMarshal.GetReference(timex));
        return state < 0 ? null : state != ClockUnsynchronized;
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int AdjustTime(ref byte timex);
    }
}

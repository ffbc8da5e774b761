using System.Diagnostics;
using System.Globalization;

namespace Nines.Load;

/// <summary>Processor time of the processes that listen on some ports, from /proc.</summary>
internal static class Processes
{
    private const string Listening = "0A";

    /// <summary>The processes that listen on these endpoints.</summary>
    public static int[] At(IEnumerable<string> endpoints)
    {
        HashSet<string> ports = [.. endpoints.Select(static e => int.Parse(e.Split(':')[1], CultureInfo.InvariantCulture).ToString("X4", CultureInfo.InvariantCulture))];
        HashSet<string> inodes = [.. File.ReadLines("/proc/net/tcp").Skip(1)
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == Listening && ports.Contains(fields[1].Split(':')[1]))
            .Select(static fields => $"socket:[{fields[9]}]")];
        return [.. Process.GetProcesses().Select(static p => p.Id).Where(id => Holds(id, inodes))];
    }

    /// <summary>What they have used so far.</summary>
    public static TimeSpan Used(int[] ids)
    {
        TimeSpan used = TimeSpan.Zero;
        foreach (int id in ids)
        {
            using var process = Process.GetProcessById(id);
            used += process.TotalProcessorTime;
        }

        return used;
    }

    private static bool Holds(int id, HashSet<string> inodes)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{id}/fd").Any(fd => new FileInfo(fd).LinkTarget is { } target && inodes.Contains(target));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

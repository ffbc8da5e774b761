using System.Diagnostics;
using Nines.Node.Adapters;

namespace Nines.Node.Up;

/// <summary>Nodes of an <c>up</c> that was killed notice it and end within a moment; the next one waits for that.</summary>
internal static class EarlierNodes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <exception cref="UpRefusedException">One still runs after the patience.</exception>
    public static async Task GoneAsync(IReadOnlyList<PlannedNode> plan, Action<string> print, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        bool told = false;
        foreach (PlannedNode node in plan.Where(n => Directory.Exists(n.DataDirectory)))
        {
            while (!IsFree(node.DataDirectory))
            {
                if (Stopwatch.GetElapsedTime(started) > Patience)
                {
                    throw new UpRefusedException(
                        $"{node.DataDirectory} is still in use by a process that no nines up supervises. End it (fuser {node.DataDirectory}/LOCK "
                        + "tells which), or choose another directory with --data.", ExitCodes.Refused);
                }

                if (!told)
                {
                    told = true;
                    print($"{node.Name} of an earlier up is still ending; waiting for it.");
                }

                await Task.Delay(LookEvery, cancel);
            }
        }
    }

    private static bool IsFree(string directory)
    {
        try
        {
            using var held = new FileDisk(directory);
            return true;
        }
        catch (DirectoryInUseException)
        {
            return false;
        }
    }
}

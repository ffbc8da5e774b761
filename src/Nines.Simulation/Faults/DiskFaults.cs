using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

/// <summary>D1 (with D2 and D12 as options of the disk): power loss, between two calls or in the middle of a later one.</summary>
internal sealed class PowerLosses(FaultContext context, Operator attendant) : IFault
{
    public FaultClasses Class => FaultClasses.D1;

    public bool Strike()
    {
        List<SimulatedHost> victims = Victims.Some(context);
        bool later = context.Random.Chance(0.5);
        foreach (SimulatedHost victim in victims)
        {
            if (later)
            {
                // The operator finds the node down and starts it again.
                victim.Disk.PowerLossAfter = context.Random.Below(40);
            }
            else
            {
                victim.PowerLoss(context.Cluster.CrashOptions);
                attendant.RestartAfter(victim, context.DurationUs(0.05, 8));
            }
        }

        context.Note(Class, $"{(later ? "soon at " : "")}{string.Join(' ', victims.Select(v => v.Id))}");
        return victims.Count > 0;
    }
}

/// <summary>D3: one flush fails. The node has to stop; the machine is power-cycled before it starts again.</summary>
internal sealed class FailedFlush(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.D3;

    public bool Strike()
    {
        SimulatedHost? victim = context.PickVictim();
        if (victim == null)
        {
            return false;
        }

        // What a failed flush lost is gone at the next power loss, like any unflushed write: no harm to an honest node.
        DiskFailure failure = context.Random.Chance(0.7) ? DiskFailure.Device : DiskFailure.Full;
        victim.Disk.Inject(DiskFaultKind.SyncFails, "*", times: 1, failure);
        context.Note(Class, $"the next flush of {victim.Id} fails ({failure})");
        return true;
    }
}

/// <summary>D5: bits flip in one file of one node, running or stopped. Every kind of file is as likely as any other.</summary>
internal sealed class BitRot(FaultContext context, Operator attendant) : IFault, IEventTarget
{
    public FaultClasses Class => FaultClasses.D5;

    public bool Strike()
    {
        NodeId node = context.Random.Pick(context.Nodes());
        SimulatedHost host = context.Cluster.Host(node);
        string? file = context.Atlas.MayDestroy(node) ? DiskFiles.Pick(host.Disk, context.Random) : null;
        if (file == null)
        {
            return false;
        }

        int used = DiskFiles.UsedBytes(host.Disk, file);
        if (used == 0)
        {
            return false;
        }

        bool stopped = context.Random.Chance(0.5);
        if (stopped && host.IsRunning)
        {
            host.Kill();
        }

        int from = context.Random.Below(used);
        int range = Math.Min(used - from, context.Random.Chance(0.5) ? 1 : 512);
        host.Disk.FlipBits(file, from, range, context.Random.Chance(0.5) ? 1 : context.Random.Between(2, 20));
        context.Atlas.HarmFile(node, file, from, range);
        context.Note(Class, $"{node} {file} at {from} of {used} ({(stopped ? "stopped" : "live")})");
        if (host.IsRunning)
        {
            // What nobody has read yet is found at a start at the latest.
            context.World.Schedule(context.DurationUs(0.5, 20), this, EventKind.Fault, node.Value);
        }
        else
        {
            attendant.RestartAfter(host, context.DurationUs(0.05, 3));
        }

        return true;
    }

    public void Fire(in SimulationEvent happened)
    {
        if (context.Cluster.FindHost(new NodeId(happened.Node)) is { IsRunning: true } host)
        {
            host.Kill();
            attendant.RestartAfter(host, context.DurationUs(0.05, 3));
        }
    }
}

/// <summary>
/// D8: the whole disk, or one file of it, becomes what it was some time ago. An old disk is known by its boot number, so it must lie at least two
/// starts back: what was copied in the same start and put back behind the node's back looks like an ordinary restart.
/// </summary>
internal sealed class OldFiles(FaultContext context, Operator attendant) : IFault
{
    private const long StartsBetween = 2;

    private readonly SortedDictionary<int, (DiskImage Image, long Starts)> _images = [];

    public FaultClasses Class => FaultClasses.D8;

    public bool Strike()
    {
        NodeId node = context.Random.Pick(context.Nodes());
        SimulatedHost host = context.Cluster.Host(node);
        if (!_images.TryGetValue(node.Value, out (DiskImage Image, long Starts) saved))
        {
            _images.Add(node.Value, (host.Disk.Save(), host.Starts));
            return false;
        }

        if (host.Starts - saved.Starts < StartsBetween || !context.Atlas.MayDestroy(node))
        {
            return false;
        }

        _images.Remove(node.Value);
        DiskImage image = saved.Image;

        context.Atlas.Harm(node);
        host.Kill();
        string? file = context.Random.Chance(0.5) ? DiskFiles.Pick(host.Disk, context.Random) : null;
        bool one = file != null && host.Disk.RestoreFile(image, file);
        if (!one)
        {
            host.Disk.Restore(image);
            host.DiskExchanged();
        }

        context.Cluster.Leaders.Forget(node);
        context.Note(Class, $"{node} gets back an old {(one ? file : "disk")}");
        attendant.RestartAfter(host, context.DurationUs(0.05, 3));
        return true;
    }
}

/// <summary>D10: the disk hangs for a while or until somebody looks after it, or is 10 to 100 times as slow.</summary>
internal sealed class DiskStalls(FaultContext context) : IFault, IEventTarget
{
    public FaultClasses Class => FaultClasses.D10;

    public bool Strike()
    {
        SimulatedHost? victim = context.PickVictim();
        if (victim == null)
        {
            return false;
        }

        SimulatedBackground background = victim.Background!;
        long duration = context.DurationUs(1, 60);
        int shape = context.Random.Below(3);
        if (shape == 0)
        {
            background.SlowFactor = context.Random.Between(10, 100);
        }
        else
        {
            background.Stall(shape == 1 ? context.World.NowUs + duration : long.MaxValue);
        }

        context.World.Schedule(duration, this, EventKind.Heal, victim.Id.Value, payload: background);
        string what = shape == 0 ? $"slow x{background.SlowFactor}" : "hangs";
        context.Note(Class, $"the disk of {victim.Id} {what} for {duration / 1e6:F2} s");
        return true;
    }

    public void Fire(in SimulationEvent happened) => ((SimulatedBackground)happened.Payload!).Resume();
}

/// <summary>D11: the disk is empty, the name is the same.</summary>
internal sealed class WipedDisk(FaultContext context, Operator attendant) : IFault
{
    public FaultClasses Class => FaultClasses.D11;

    public bool Strike()
    {
        NodeId node = context.Random.Pick(context.Nodes());
        SimulatedHost host = context.Cluster.Host(node);
        if (!context.Atlas.MayHarm(node))
        {
            return false;
        }

        context.Atlas.Harm(node);
        host.Kill();
        host.Disk.Wipe();
        host.DiskExchanged();
        context.Cluster.Leaders.Forget(node);
        context.Note(Class, $"the disk of {node} is wiped");
        attendant.RestartAfter(host, context.DurationUs(0.05, 3));
        return true;
    }
}

internal static class DiskFiles
{
    /// <summary>A kind of file first, then one of that kind, so that rare kinds (a vote, a manifest) are hit as well.</summary>
    public static string? Pick(SimulatedDisk disk, Prng random)
    {
        List<IGrouping<string, string>> kinds = [.. disk.AllFiles().GroupBy(KindOf).OrderBy(g => g.Key, StringComparer.Ordinal)];
        return kinds.Count == 0 ? null : random.Pick(random.Pick(kinds).ToList());
    }

    /// <summary>The bytes up to the last that is not zero: preallocated space is no target.</summary>
    public static int UsedBytes(SimulatedDisk disk, string path) =>
        disk.Peek(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    private static string KindOf(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        int dot = name.LastIndexOf('.');
        string kind = dot >= 0 ? name[dot..] : name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return kind.Length == 0 ? path[..^name.Length] : kind;
    }
}

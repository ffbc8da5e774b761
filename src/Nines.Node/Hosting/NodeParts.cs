using System.Security.Cryptography;
using Nines.Kernel;
using Nines.Node.Configuration;
using Nines.Replication;
using Nines.Replication.Placement;
using Nines.Storage.Log;
using Nines.Storage.Store;
using Nines.Tables.Model.Machine;

namespace Nines.Node.Hosting;

/// <summary>Says the configuration in the reactor's own words. Pure, but for the seed of the reactor's randomness.</summary>
internal static class NodeParts
{
    private const int MaxTickMs = 25;
    private const int MinTickMs = 5;

    public static ReactorParts Of(
        NodeConfiguration configuration, NodeIdentity identity, IDisk disk, INetwork network, IBackground background)
    {
        List<Member> members = [.. configuration.Seeds.Select(seed => new Member(seed.Node, $"{seed.Host}:{seed.Port}"))];
        return new ReactorParts
        {
            Options = Options(configuration),
            Self = identity.Node,
            Boot = identity.Boot,
            Disk = disk,
            Network = network,
            Background = background,
            Machines = [new TablesMachine()],
            Random = new Prng(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))),
            InitialMap = SlotMap.Initial(members, configuration.Groups, configuration.Replicas),
            LogOptions = new LogOptions { ReserveBytes = configuration.DiskReserveBytes },
            StoreOptions = new StoreOptions { ReserveBytes = configuration.DiskReserveBytes / 2 },
        };
    }

    /// <summary>A tick is at most half a heartbeat, so that rounding to ticks does not stretch one by much.</summary>
    public static ReactorOptions Options(NodeConfiguration configuration)
    {
        int tickMs = Math.Clamp((int)configuration.Heartbeat.TotalMilliseconds / 2, MinTickMs, MaxTickMs);
        var defaults = new ReactorOptions();
        return defaults with
        {
            TickMs = tickMs,
            HeartbeatTicks = Ticks(configuration.Heartbeat, tickMs),
            ElectionTimeoutTicks = Ticks(configuration.Election, tickMs),
            FlushStallTicks = Scaled(defaults.FlushStallTicks, defaults.TickMs, tickMs),
            QuiesceAfterTicks = Scaled(defaults.QuiesceAfterTicks, defaults.TickMs, tickMs),
            ResendTicks = Scaled(defaults.ResendTicks, defaults.TickMs, tickMs),
            RerouteTicks = Scaled(defaults.RerouteTicks, defaults.TickMs, tickMs),
            RebalanceTicks = Scaled(defaults.RebalanceTicks, defaults.TickMs, tickMs),
            SnapshotTimeoutTicks = Scaled(defaults.SnapshotTimeoutTicks, defaults.TickMs, tickMs),
            MaxRequests = configuration.MaxInFlight,
        };
    }

    private static int Ticks(TimeSpan time, int tickMs) => Math.Max(1, (int)Math.Ceiling(time.TotalMilliseconds / tickMs));

    /// <summary>As long as the default is, in ticks of another length.</summary>
    private static int Scaled(int ticks, int ofMs, int tickMs) => Math.Max(1, ticks * ofMs / tickMs);
}

using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Invariant N. The faults stop, the links heal, the disks answer, all nodes start, sometimes all but one that the
/// rest must do without. Within a bounded time every group has a leader, everything pending is done and all replicas are equal. Then
/// everything is read: strongly, and from every replica.
/// </summary>
internal sealed class LivenessPhase(
    SimulatedCluster cluster, Workload workload, ReplicaScanner scanner, Operator attendant, Membership? membership,
    FaultAtlas atlas, SimulationOptions options)
{
    /// <summary>10,000 ticks of 25 ms.</summary>
    private const long BoundUs = 250_000_000;

    private const long PollUs = 250_000;
    private const long ReadsUs = 60_000_000;

    private readonly SimulatedWorld _world = cluster.World;

    /// <summary>Gives the virtual seconds until everything had converged.</summary>
    public double Run()
    {
        long began = _world.NowUs;
        Heal();
        string pending = "";
        while (_world.NowUs - began < BoundUs && !cluster.Findings.Any)
        {
            _world.RunUntil(_world.NowUs + PollUs);
            pending = WhatIsMissing();
            if (pending.Length == 0)
            {
                double seconds = (_world.NowUs - began) / 1e6;
                ReadEverything();
                return seconds;
            }
        }

        if (!cluster.Findings.Any)
        {
            cluster.Findings.Add('N', "liveness", $"not healed after {BoundUs / 1e6:F0} s without faults: {pending}");
        }

        return BoundUs / 1e6;
    }

    private void Heal()
    {
        _world.Trace?.Line(_world.NowUs, "", "heal", "faults stop, links and disks heal, nodes start");
        cluster.Network.RemoveAllRules();
        cluster.Network.Options = new NetworkOptions();
        foreach (SimulatedHost host in cluster.Hosts)
        {
            host.Disk.LiftAll();
            host.Disk.PowerLossAfter = null;
            host.TickFactor = 1;
            host.Resume();
        }

        LeaveOneOut();
        attendant.StartAll();
    }

    /// <summary>
    /// One seed in four: the core that has to converge is all nodes but one. Not while a node is harmed or on its way out: with
    /// another one missing its groups may rightly be stuck.
    /// </summary>
    private void LeaveOneOut()
    {
        if (options.Replicas < 3 || atlas.AnyHarmed || membership is { IsBusy: true } || !options.Faults.HasFlag(FaultClasses.P1) || _world.Seed % 4 != 0)
        {
            return;
        }

        List<SimulatedHost> hosts = [.. cluster.Hosts.Where(h => !h.IsRetired)];
        SimulatedHost one = hosts[(int)(_world.Seed / 4 % (ulong)hosts.Count)];
        attendant.LeftAlone.Add(one.Id);
        if (one.IsRunning)
        {
            one.Kill();
        }
    }

    private string WhatIsMissing()
    {
        List<string> missing = [];
        foreach (SimulatedHost host in cluster.Hosts.Where(h => !h.IsRetired))
        {
            if (!host.IsRunning && !attendant.LeftAlone.Contains(host.Id))
            {
                missing.Add($"{host.Id} is {host.State} ({host.StopReason})");
            }
        }

        foreach (GroupId group in cluster.Factory.Groups)
        {
            string problem = ProblemOf(group);
            if (problem.Length > 0)
            {
                missing.Add(problem);
            }
        }

        if (membership is { IsBusy: true })
        {
            missing.Add("membership changes are under way");
        }

        if (!workload.IsIdle)
        {
            missing.Add("operations are open");
        }

        return string.Join("; ", missing.Take(6));
    }

    private string ProblemOf(GroupId group)
    {
        NodeId leader = cluster.LeaderOf(group);
        if (leader.IsNone)
        {
            return $"{group} has no leader";
        }

        ReplicaView led = cluster.Host(leader).Replicas.First(r => r.Group == group);
        foreach (SimulatedHost host in HoldersOf(group, led))
        {
            ReplicaView view = host.Replicas.Find(r => r.Group == group);
            if (view.Applied != led.Applied || led.Applied != led.LastIndex || view.IsImpaired)
            {
                return $"{group} on {host.Id} applied {view.Applied} of {led.LastIndex}{(view.IsImpaired ? ", impaired" : "")}";
            }
        }

        return "";
    }

    /// <summary>The running machines that the leader counts as members, or those that hold the group when the nodes do not say.</summary>
    private List<SimulatedHost> HoldersOf(GroupId group, ReplicaView led) => [.. cluster.Hosts.Where(
        h => h.IsRunning && !h.IsRetired && (led.Configuration?.IsMember(h.Id) ?? h.Replicas.Exists(r => r.Group == group)))];

    private void ReadEverything()
    {
        scanner.ForgetAll();
        List<Operation> reads = [];
        foreach (GroupId group in cluster.Factory.Groups)
        {
            ReplicaView led = cluster.Host(cluster.LeaderOf(group)).Replicas.First(r => r.Group == group);
            List<SimulatedHost> holders = HoldersOf(group, led);
            for (int key = 0; key < workload.Options.KeysPerGroup; key++)
            {
                SimulatedHost any = holders[key % holders.Count];
                reads.Add(workload.ReadFinally(any.Id, group, key, Consistency.Strong));
            }

            foreach (SimulatedHost holder in holders)
            {
                reads.Add(workload.ReadFinally(holder.Id, group, 0, Consistency.Eventual));
                scanner.ScanOne(holder, group);
            }
        }

        long until = _world.NowUs + ReadsUs;
        while (_world.NowUs < until && !workload.IsIdle && !cluster.Findings.Any)
        {
            _world.RunUntil(_world.NowUs + PollUs);
        }

        foreach (Operation read in reads.Where(r => !r.IsAnswered).Take(3))
        {
            cluster.Findings.Add('N', "final read", $"not answered in quiet times: {read}");
        }

        CompareReplicas();
    }

    private void CompareReplicas()
    {
        foreach (IGrouping<GroupId, KeyValuePair<(GroupId Group, NodeId Node), long>> group in
            scanner.LastPositions.GroupBy(p => p.Key.Group))
        {
            if (group.Select(p => p.Value).Distinct().Count() > 1)
            {
                string all = string.Join(", ", group.Select(p => $"{p.Key.Node} at {p.Value}"));
                cluster.Findings.Add('C', "convergence", $"{group.Key}: replicas differ in quiet times: {all}");
            }
        }
    }
}

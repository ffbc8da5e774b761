using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>What goes wrong meanwhile, and what clients ask for.</summary>
internal sealed partial class Cluster
{
    private void InjectFaults()
    {
        Ambush();
        if (Prng.Chance(Faults.Partition))
        {
            _network.Heal();
            if (Prng.Chance(0.7))
            {
                NodeId[] side = [.. _ids.Where(_ => Prng.Chance(0.4))];
                _network.Cut(side, _ids, oneWay: Prng.Chance(0.4));
                Journal?.Add($"--- cut {string.Join(' ', side)}");
                Seen("partition");
            }
        }

        ClusterNode node = Prng.Pick(Nodes);
        if (!node.IsUp)
        {
            if (Prng.Chance(Faults.Ambush > 0 ? 0.3 : 0.1))
            {
                node.Start();
            }

            return;
        }

        if (Prng.Chance(Faults.Crash))
        {
            node.Crash();
            Seen("crash");
            return;
        }

        if (!node.IsPaused && Prng.Chance(Faults.Pause))
        {
            node.PausedUntil = Now + Prng.Between(1, 4 * Timeout);
            Seen("pause");
        }

        if (Prng.Chance(Faults.Stall))
        {
            node.StalledUntil = Now + Prng.Between(Timeout, 8 * Timeout);
            Seen("stall");
        }

        if (Prng.Chance(Faults.Seal))
        {
            node.BeginSeal(Now + FlushDelay());
        }
    }

    private void Requests()
    {
        foreach (ClusterNode node in Nodes)
        {
            if (!node.IsUp || node.IsPaused)
            {
                continue;
            }

            if (Prng.Chance(Faults.Unreachable))
            {
                node.Input(RaftInput.PeerUnreachable(Prng.Pick(_ids)));
            }

            if (node.Leads)
            {
                AskLeader(node);
            }
        }
    }

    private void AskLeader(ClusterNode node)
    {
        if (Prng.Chance(Faults.Propose) && node.Propose(NextPayload()) == ProposeStatus.Accepted)
        {
            Seen("proposal");
        }

        if (Prng.Chance(Faults.Read))
        {
            node.Read(++_nextRead);
        }

        if (Prng.Chance(Faults.Churn) && RandomChange(node) == ProposeStatus.Accepted)
        {
            Seen("change");
        }

        if (Prng.Chance(Faults.Transfer))
        {
            node.Input(RaftInput.TransferLeadership(Prng.Pick(_ids)));
            Seen("transfer");
        }
    }

    private ProposeStatus RandomChange(ClusterNode node)
    {
        var changes = new List<ConfigurationChange>();
        int count = Prng.Between(1, 2);
        for (int i = 0; i < count; i++)
        {
            changes.Add(new(Prng.Pick([ChangeKind.AddLearner, ChangeKind.AddVoter, ChangeKind.AddVoter, ChangeKind.Remove]), Prng.Pick(_ids)));
        }

        return node.Change(changes);
    }

    private byte[] NextPayload()
    {
        byte[] payload = new byte[8 + (int)(_nextPayload % 5)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(payload, ++_nextPayload);
        return payload;
    }
}

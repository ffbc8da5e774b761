using Nines.Kernel;
using Nines.Replication;
using Nines.Tables.Model;
using Nines.Tables.Model.Machine;

namespace Nines.Simulation.Tables;

/// <summary>Nothing of a transaction is left in quiet times: no lock, no open part, no decision that somebody was not told of.</summary>
internal static class LockCheck
{
    public static void Check(SimulatedHost host, Findings findings)
    {
        Reactor reactor = ((ReactorNode)host.Node!).Reactor;
        foreach (GroupId group in reactor.Map.DataGroups)
        {
            if (!reactor.Leads(group) || reactor.ViewOf(group) is not { } view)
            {
                continue;
            }

            using (view)
            {
                var state = new MachineReader(view, TablesMachine.MachineId);
                foreach (byte range in new[] { Keyspace.Lock, Keyspace.TransactionPart, Keyspace.UnfinishedTransaction })
                {
                    using IOrderedCursor cursor = state.Range([range], [(byte)(range + 1)]);
                    if (cursor.MoveNext())
                    {
                        findings.Add('F', "locks", $"{group} on {host.Id} has {Convert.ToHexString(cursor.Key)} left of a transaction");
                    }
                }
            }
        }
    }
}

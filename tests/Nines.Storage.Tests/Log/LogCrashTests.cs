using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>Rows D1, D2, D12 and P1: whatever was acknowledged is there after any stop, and nothing that was never appended.</summary>
public class LogCrashTests
{
    [Fact]
    public void Any_crash_anywhere_keeps_all_acknowledged_batches_and_invents_none()
    {
        int torn = 0, survived = 0, rotations = 0;
        for (ulong seed = 1; seed <= 80; seed++)
        {
            var rig = new LogRig(seed) { CrashesInRecovery = true };
            var prng = new Prng(seed + 1_000_000);
            try
            {
                for (int run = 0; run < 12; run++)
                {
                    if (prng.Chance(0.7))
                    {
                        rig.Disk.PowerLossAfter = prng.Below(60);
                    }

                    RunUntilPowerLoss(rig, prng.Between(1, 250));
                    rig.CrashAndCompare(prng.Chance(0.7) ? CrashOptions.Draw(prng) : null);
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed={seed}", e);
            }

            torn += rig.Torn;
            survived += rig.SurvivedInFlight;
            rotations += rig.Disk.List(LogRig.Directory).Count > 1 ? 1 : 0;
        }

        // The interesting cases really occurred.
        Assert.True(torn > 8, $"torn {torn}");
        Assert.True(survived > 20, $"survived {survived}");
        Assert.True(rotations > 55, $"rotations {rotations}");
    }

    [Fact]
    public void Every_crash_state_at_every_call_of_an_append_sequence_opens()
    {
        // Bug 18: two appends reordered before the flush, and the node could not start.
        for (int cut = 0; cut < 40; cut++)
        {
            for (ulong seed = 0; seed < 25; seed++)
            {
                var rig = new LogRig(seed) { PayloadMax = 3_000, CrashesInRecovery = true };
                rig.Disk.PowerLossAfter = cut;
                try
                {
                    for (int i = 0; i < 6; i++)
                    {
                        rig.Append();
                        rig.Flush();
                        rig.MaintainAll();
                    }
                }
                catch (PowerLossException)
                {
                }

                rig.CrashAndCompare(CrashOptions.Draw(new Prng(seed)));
            }
        }
    }

    [Fact]
    public void A_batch_that_was_acknowledged_survives_the_loss_of_everything_unsynced()
    {
        var rig = new LogRig(5);
        for (int i = 0; i < 200; i++)
        {
            rig.Append();
            rig.Flush();
            if (i % 7 == 0)
            {
                rig.CrashAndCompare(CrashOptions.LoseAll);
            }
        }

        Assert.Equal(0, rig.SurvivedInFlight);
    }

    [Fact]
    public void A_restart_without_writes_takes_no_space()
    {
        var rig = new LogRig(6);
        rig.Append();
        rig.Flush();
        rig.CrashAndCompare(null);
        IReadOnlyList<string> before = rig.Disk.List(LogRig.Directory);
        for (int i = 0; i < 10; i++)
        {
            rig.CrashAndCompare(null);
        }

        Assert.Equal(before, rig.Disk.List(LogRig.Directory));
    }

    [Fact]
    public void The_first_start_finds_an_empty_log()
    {
        var rig = new LogRig(7);
        Assert.Equal(LogCondition.Empty, rig.Recovery.Condition);
        Assert.Empty(rig.Recovery.Groups);
    }

    private static void RunUntilPowerLoss(LogRig rig, int turns)
    {
        try
        {
            for (int i = 0; i < turns; i++)
            {
                rig.Turn();
            }
        }
        catch (PowerLossException)
        {
        }
    }
}

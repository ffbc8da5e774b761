namespace Nines.Simulation;

/// <summary>P1: kill -9 of one, a minority, a majority or all; also just before a random later step of background work.</summary>
internal sealed class Kills(FaultContext context, Operator attendant) : IFault
{
    public FaultClasses Class => FaultClasses.P1;

    public bool Strike()
    {
        if (context.Random.Chance(0.4))
        {
            return KillAtStep();
        }

        List<SimulatedHost> victims = Victims.Some(context);
        foreach (SimulatedHost victim in victims)
        {
            victim.Kill();
            attendant.RestartAfter(victim, context.DurationUs(0.05, 8));
        }

        context.Note(Class, $"kill {string.Join(' ', victims.Select(v => v.Id))}");
        return victims.Count > 0;
    }

    private bool KillAtStep()
    {
        SimulatedHost? victim = context.PickVictim();
        if (victim == null)
        {
            return false;
        }

        int stepsLeft = context.Random.Between(1, 20);
        context.Note(Class, $"kill {victim.Id} before its {stepsLeft}. step");
        victim.Background!.BeforeStep = _ =>
        {
            if (--stepsLeft > 0)
            {
                return true;
            }

            victim.Kill();
            attendant.RestartAfter(victim, context.DurationUs(0.05, 3));
            return false;
        };
        return true;
    }
}

internal static class Victims
{
    /// <summary>One, mostly; else a minority, a majority, or all.</summary>
    public static List<SimulatedHost> Some(FaultContext context)
    {
        List<SimulatedHost> running = context.Running();
        if (running.Count == 0)
        {
            return running;
        }

        int roll = context.Random.Below(10);
        if (roll < 6)
        {
            return [context.PickVictim()!];
        }

        context.Random.Shuffle(running);
        int half = context.Cluster.HostCount / 2;
        int count = roll < 8 ? half : roll < 9 ? half + 1 : running.Count;
        return running[..Math.Clamp(count, 1, running.Count)];
    }
}

/// <summary>P2: SIGSTOP and SIGCONT; of the leader, mostly.</summary>
internal sealed class Pauses(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.P2;

    public bool Strike()
    {
        SimulatedHost? victim = context.PickVictim();
        if (victim == null || victim.IsPaused)
        {
            return false;
        }

        long duration = context.DurationUs(0.1, 20);
        victim.Pause(context.World.NowUs + duration);
        context.Note(Class, $"{victim.Id} for {duration / 1e6:F2} s");
        return true;
    }
}

/// <summary>P3: all nodes start at the same time; or one node dies again and again, faster than an election.</summary>
internal sealed class ColdStart(FaultContext context, Operator attendant) : IFault
{
    public FaultClasses Class => FaultClasses.P3;

    public bool Strike()
    {
        if (context.Random.Chance(0.5))
        {
            long down = context.DurationUs(0.05, 5);
            foreach (SimulatedHost host in context.Running())
            {
                host.Kill();
                attendant.RestartAfter(host, down);
            }

            context.Note(Class, "all nodes start together");
            return true;
        }

        SimulatedHost? victim = context.PickRunning();
        if (victim == null)
        {
            return false;
        }

        int rounds = context.Random.Between(3, 10);
        context.Note(Class, $"{victim.Id} crashes {rounds} times in a row");
        new CrashLoop(context, attendant, victim, rounds).Go();
        return true;
    }

    private sealed class CrashLoop(FaultContext context, Operator attendant, SimulatedHost host, int rounds) : IEventTarget
    {
        private int _left = rounds;

        public void Go() =>
            context.World.Schedule(context.DurationUs(0.02, 0.3), this, EventKind.Fault, host.Id.Value);

        public void Fire(in SimulationEvent happened)
        {
            if (host.IsRunning)
            {
                host.Kill();
                attendant.RestartAfter(host, context.DurationUs(0.01, 0.1));
            }

            if (--_left > 0)
            {
                Go();
            }
        }
    }
}

/// <summary>C1: wall clocks jump, by up to an hour and back, or strobe.</summary>
internal sealed class WallClockJumps(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.C1;

    public bool Strike()
    {
        foreach (SimulatedHost host in context.Cluster.Hosts)
        {
            if (context.Random.Chance(0.4))
            {
                long spread = Math.Min(context.Swarm.WallSpreadMs, 3_600_000);
                host.WallOffsetMs = context.Random.Below((2 * spread) + 1) - spread;
            }
        }

        context.Note(Class, "wall clocks jump");
        return true;
    }
}

/// <summary>C2: ticks come too fast, too slow, or not at all for a moment.</summary>
internal sealed class TickRates(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.C2;

    public bool Strike()
    {
        foreach (SimulatedHost host in context.Cluster.Hosts)
        {
            host.TickFactor = 1 + (context.Swarm.TickSpread * ((2 * context.Random.Unit()) - 1));
        }

        context.Note(Class, "tick rates change");
        return true;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Nines.Fuzz;

/// <summary>What to run. Every target gets its share of the inputs, those from <paramref name="Skip"/> on.</summary>
public sealed record CampaignOptions(long Inputs, string? Target, ulong Seed, long Skip, int Threads);

/// <summary>Many inputs for many targets on all cores. A target ends at its first finding; the others go on.</summary>
public sealed class Campaign(CampaignOptions options, TextWriter output)
{
    private const int PiecesPerTarget = 16;
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, FuzzFigures> _figures = new();
    private readonly ConcurrentDictionary<string, FindingException> _failures = new();
    private readonly ConcurrentQueue<Piece> _work = new();
    private readonly FuzzRun?[] _running = new FuzzRun?[options.Threads];

    /// <summary>False: there was a finding.</summary>
    public bool Run()
    {
        TargetEntry[] targets = [.. TargetCatalogue.All.Where(t => options.Target is null || t.Name == options.Target)];
        if (targets.Length == 0)
        {
            output.WriteLine($"There is no target {options.Target}. Targets: {string.Join(' ', TargetCatalogue.All.Select(t => t.Name))}");
            return false;
        }

        Divide(targets);
        long began = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, options.Threads).Select(i => new Thread(() => Work(i)) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(TimeSpan.FromSeconds(1)))
            {
                LookForHangs();
            }
        }

        Print(targets, Stopwatch.GetElapsedTime(began));
        return _failures.IsEmpty;
    }

    private void Divide(TargetEntry[] targets)
    {
        long share = Math.Max(1, options.Inputs / targets.Length);
        foreach (TargetEntry entry in targets)
        {
            int episode = entry.Make().Episode;
            long piece = ((share / PiecesPerTarget / episode) + 1) * episode;
            long from = options.Skip - (options.Skip % episode);
            long end = options.Skip + share;
            for (; from < end; from += piece)
            {
                _work.Enqueue(new Piece(entry, from, Math.Min(end, from + piece)));
            }
        }
    }

    private void Work(int thread)
    {
        FuzzTarget? target = null;
        while (_work.TryDequeue(out Piece? piece))
        {
            string name = piece.Entry.Name;
            if (_failures.ContainsKey(name))
            {
                continue;
            }

            target = target?.Name == name ? target : piece.Entry.Make();
            var run = new FuzzRun(target, options.Seed);
            Volatile.Write(ref _running[thread], run);
            try
            {
                FuzzFigures figures = run.Run(piece.From, piece.To);
                lock (_figures)
                {
                    _figures.GetOrAdd(name, static n => new FuzzFigures(n)).Add(figures);
                }
            }
            catch (FindingException failure)
            {
                // What the target holds after a finding is unknown.
                target = null;
                _failures.TryAdd(name, failure);
            }

            Volatile.Write(ref _running[thread], null);
        }
    }

    private void LookForHangs()
    {
        foreach (FuzzRun? run in _running)
        {
            if (run is not null && run.Current is { } current && current.Time > HangAfter)
            {
                output.WriteLine($"{run.Target}: input {current.Input} does not end\n  replay: {run.Replay(current.Input)}");
                output.Flush();
                Environment.Exit(3);
            }
        }
    }

    private void Print(TargetEntry[] targets, TimeSpan time)
    {
        output.WriteLine("| target | inputs | accepted | slowest, ms | most bytes | inputs/s |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|");
        long all = 0;
        foreach (TargetEntry entry in targets)
        {
            FuzzFigures f = _figures.GetValueOrDefault(entry.Name) ?? new FuzzFigures(entry.Name);
            all += f.Inputs;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {f.Target} | {f.Inputs} | {100.0 * f.Accepted / Math.Max(1, f.Inputs):F1} % | {f.Slowest.TotalMilliseconds:F1} | {f.MostBytes} | {f.Inputs / Math.Max(0.001, f.Time.TotalSeconds):F0} |"));
        }

        using var self = Process.GetCurrentProcess();
        output.WriteLine(
            $"{all} inputs, {_failures.Count} findings, {time.TotalSeconds:F0} s, seed {options.Seed}, from {options.Skip}, at most {self.PeakWorkingSet64 >> 20} MiB resident");
        foreach (FindingException failure in _failures.Values)
        {
            output.WriteLine();
            output.WriteLine(failure.Message);
        }
    }

    private sealed record Piece(TargetEntry Entry, long From, long To);
}

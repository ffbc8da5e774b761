using System.Diagnostics;
using Nines.EndToEnd.Tests.History;
using Nines.Kernel;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>How often a worker does what, out of a hundred.</summary>
internal sealed record Mix(int Put, int CompareAndSet, int Delete, int Add, int Strong, int Sequential, int Eventual)
{
    public static readonly Mix Everything = new(Put: 30, CompareAndSet: 12, Delete: 4, Add: 12, Strong: 32, Sequential: 0, Eventual: 10);

    public static readonly Mix Session = new(Put: 35, CompareAndSet: 0, Delete: 3, Add: 0, Strong: 17, Sequential: 45, Eventual: 0);
}

/// <summary>One client: one operation after the other on random keys, each recorded.</summary>
internal sealed class Worker(int number, IRegisters registers, Mix mix, bool inSession, Recorder recorder, ulong seed)
{
    /// <summary>Numbers of one worker; its values are number x this + 1, 2, ...</summary>
    public const long ValuesOfWorker = 10_000_000;

    private const int Keys = 24;
    private const int Counters = 4;
    private const int MaxThinkMs = 20;

    private readonly Prng _random = new(seed);
    private readonly Dictionary<string, long> _lastSeen = [];
    private long _next = (number * ValuesOfWorker) + 1;

    public static IEnumerable<string> RegisterKeys => Enumerable.Range(0, Keys).Select(k => $"register-{k}");

    public static IEnumerable<string> CounterKeys => Enumerable.Range(0, Counters).Select(k => $"counter-{k}");

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await OnceAsync();
            await Task.Delay(_random.Below(MaxThinkMs), CancellationToken.None);
        }
    }

    /// <summary>A given read, recorded.</summary>
    public Task<Observation> ReadAsync(string key, Consistency consistency) =>
        ObserveAsync(new Observation { Client = number, Key = key, Act = Act.Get, Consistency = consistency, StartUs = 0 });

    private Task<Observation> OnceAsync()
    {
        string key = $"register-{_random.Below(Keys)}";
        int draw = _random.Below(100);
        var wanted = new Observation { Client = number, Key = key, Act = Act.Put, StartUs = 0, InSession = inSession };
        return ObserveAsync(
            (draw -= mix.Put) < 0 ? wanted with { Value = _next++ }
            : (draw -= mix.CompareAndSet) < 0
                ? wanted with { Act = Act.CompareAndSet, Value = _next++, Expected = _lastSeen.GetValueOrDefault(key) }
            : (draw -= mix.Delete) < 0 ? wanted with { Act = Act.Delete }
            : (draw -= mix.Add) < 0 ? wanted with { Act = Act.Add, Key = $"counter-{_random.Below(Counters)}" }
            : wanted with
            {
                Act = Act.Get,
                Consistency = (draw -= mix.Strong) < 0 ? Consistency.Strong
                    : draw < mix.Sequential ? Consistency.Sequential
                    : Consistency.Eventual,
            });
    }

    private async Task<Observation> ObserveAsync(Observation wanted)
    {
        long start = NowUs();
        Reply reply = await (wanted.Act switch
        {
            Act.Put => registers.PutAsync(wanted.Key, wanted.Value),
            Act.CompareAndSet => registers.CompareAndSetAsync(wanted.Key, wanted.Expected, wanted.Value),
            Act.Delete => registers.DeleteAsync(wanted.Key),
            Act.Get => registers.GetAsync(wanted.Key, wanted.Consistency),
            Act.Add => registers.AddAsync(wanted.Key),
        });
        Observation seen = wanted with
        {
            StartUs = start,
            EndUs = reply.End is End.Unknown ? long.MaxValue : NowUs(),
            End = reply.End,
            Seen = reply.Seen,
            Group = reply.Group,
            Position = reply.Position,
            Node = reply.Node,
            Attempts = reply.Attempts,
            Text = reply.Text,
        };
        if (seen.End == End.Done && seen.Act != Act.Add)
        {
            _lastSeen[seen.Key] = seen.Act == Act.Get ? seen.Seen : seen.Value;
        }

        recorder.Add(seen);
        return seen;
    }

    public static long NowUs() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
}

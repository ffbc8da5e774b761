using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>Histories that a perfect system gives: each operation takes effect at one moment between its begin and its end.</summary>
internal sealed class HistoryGenerator
{
    private const int Clients = 6;

    private readonly Prng _random;
    private readonly SortedDictionary<int, Operation> _holds = [];
    private readonly SortedDictionary<int, long> _freeAt = [];
    private readonly Dictionary<int, long> _sessions = [];
    private long _position;

    public HistoryGenerator(ulong seed) => _random = new Prng(seed);

    public List<Operation> History { get; } = [];

    public static List<Operation> Valid(ulong seed, int count = 300, int keys = 4)
    {
        HistoryGenerator generator = new(seed);
        long now = 0;
        for (int i = 0; i < count; i++)
        {
            now += generator._random.Below(2000);
            generator.Next(now, generator._random.Below(keys), (ulong)i + 1);
        }

        generator.History.Sort((a, b) => a.InvokeUs.CompareTo(b.InvokeUs));
        return generator.History;
    }

    private void Next(long effectUs, int key, ulong value)
    {
        List<int> free = [.. Enumerable.Range(0, Clients).Where(c => _freeAt.GetValueOrDefault(c) < effectUs)];
        if (free.Count == 0)
        {
            return;
        }

        int client = _random.Pick(free);
        long invoke = Math.Max(_freeAt.GetValueOrDefault(client), effectUs - _random.Below(5000));
        long end = effectUs + 1 + _random.Below(5000);
        _freeAt[client] = end + 1;
        double roll = _random.Unit();
        OperationKind kind = roll < 0.5 ? OperationKind.Get : roll < 0.75 ? OperationKind.Put
            : roll < 0.9 ? OperationKind.CompareAndSet : OperationKind.Delete;
        Operation? holds = _holds.GetValueOrDefault(key);
        bool matches = _random.Chance(0.7);
        Operation operation = new()
        {
            Client = client,
            Group = new GroupId(1),
            Key = key,
            Kind = kind,
            Value = value,
            ExpectedVersion = matches ? holds?.Position ?? 0 : 999_999,
            InvokeUs = invoke,
            Consistency = kind == OperationKind.Get && _random.Chance(0.3) ? Consistency.Sequential : Consistency.Strong,
            Node = new NodeId(1),
            StalenessMs = kind == OperationKind.Get ? 0 : -1,
        };
        operation.Found = holds != null;
        operation.SeenValue = holds?.Value ?? 0;
        operation.SeenVersion = holds?.Position ?? 0;
        Finish(operation, matches, end);
        _sessions[client] = operation.Position;
        History.Add(operation);
    }

    private void Finish(Operation operation, bool matches, long end)
    {
        operation.Position = operation.IsRead ? _position : ++_position;
        bool takesEffect = !operation.IsRead && (operation.Kind != OperationKind.CompareAndSet || matches);
        bool unknown = !operation.IsRead && _random.Chance(0.08);
        bool happens = !unknown || _random.Chance(0.5);
        operation.ReturnUs = unknown ? long.MaxValue : end;
        operation.End = unknown ? OperationEnd.Info
            : operation.IsRead || takesEffect ? OperationEnd.Done : OperationEnd.ConditionFailed;
        if (takesEffect && happens)
        {
            if (operation.Kind == OperationKind.Delete)
            {
                // Who deleted is remembered by nobody; without an oracle an unknown delete cannot be told from a lost write.
                operation.ReturnUs = end;
                operation.End = OperationEnd.Done;
                _holds.Remove(operation.Key);
            }
            else
            {
                _holds[operation.Key] = operation;
            }
        }
    }
}

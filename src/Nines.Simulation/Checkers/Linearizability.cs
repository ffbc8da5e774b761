namespace Nines.Simulation;

/// <summary>What a client did to one register, seen from outside. A black box knows no positions.</summary>
public enum RegisterAction : byte
{
    /// <summary>Sets the register to <see cref="RegisterEvent.Value"/>.</summary>
    Write,

    /// <summary>Gives <see cref="RegisterEvent.Value"/>; 0 stands for "nothing there".</summary>
    Read,

    /// <summary>Sets it to <see cref="RegisterEvent.Value"/> if it held <see cref="RegisterEvent.Expected"/>.</summary>
    CompareAndSet,

    /// <summary>A compare-and-set whose condition did not hold: the register did not hold the expected value.</summary>
    FailedCompareAndSet,
}

/// <summary>
/// One operation on one register. <see cref="End"/> is <see cref="long.MaxValue"/> when its outcome is unknown: it may take
/// effect at any time after its start, or never. An operation known not to have happened is left out.
/// </summary>
public readonly record struct RegisterEvent(RegisterAction Action, long Value, long Expected, long Start, long End)
{
    public bool IsUnknown => End == long.MaxValue;
}

/// <summary>What the black-box checker found.</summary>
public enum Linearizable
{
    Yes,
    No,

    /// <summary>The search exceeded its bound.</summary>
    Undecided,
}

/// <summary>
/// The black-box checker for one register: Wing and Gong's search with Lowe's memoization ("Testing for linearizability", 2017).
/// It tries to put the operations in an order that respects real time and explains every result; a set of already ordered
/// operations together with a register value is never explored twice. Exponential in the worst case; meant for up to about 5,000
/// operations of limited concurrency.
/// </summary>
public static class LinearizabilityChecker
{
    private const long StepsMaxDefault = 20_000_000;

    /// <summary>Checks the operations on one register that holds 0 ("nothing") at first.</summary>
    public static Linearizable Check(IReadOnlyList<RegisterEvent> operations, long stepsMax = StepsMaxDefault)
    {
        List<RegisterEvent> relevant = Relevant(operations);
        return relevant.Count == 0 ? Linearizable.Yes : new Search(relevant).Run(stepsMax);
    }

    /// <summary>
    /// Unknown reads constrain nothing. An unknown write whose value nobody saw can be left out as well, unless a
    /// failed condition may be explained by it.
    /// </summary>
    private static List<RegisterEvent> Relevant(IReadOnlyList<RegisterEvent> operations)
    {
        HashSet<long> seen = [];
        bool anyFailedCondition = false;
        foreach (RegisterEvent operation in operations)
        {
            if (operation.Action == RegisterAction.Read && !operation.IsUnknown)
            {
                seen.Add(operation.Value);
            }
            else if (operation.Action == RegisterAction.CompareAndSet)
            {
                seen.Add(operation.Expected);
            }
            else if (operation.Action == RegisterAction.FailedCompareAndSet)
            {
                anyFailedCondition |= !operation.IsUnknown;
            }
        }

        List<RegisterEvent> relevant = new(operations.Count);
        foreach (RegisterEvent operation in operations)
        {
            bool constrains = operation.Action switch
            {
                RegisterAction.Read or RegisterAction.FailedCompareAndSet => !operation.IsUnknown,
                RegisterAction.Write or RegisterAction.CompareAndSet =>
                    !operation.IsUnknown || anyFailedCondition || seen.Contains(operation.Value),
            };
            if (constrains)
            {
                relevant.Add(operation);
            }
        }

        return relevant;
    }

    /// <summary>Calls and returns as a doubly linked list in the order of time, from which ordered operations are lifted out.</summary>
    private sealed class Search
    {
        private const int Head = 0;

        private readonly List<RegisterEvent> _operations;
        private readonly int[] _next;
        private readonly int[] _previous;
        private readonly int[] _operationOf;
        private readonly bool[] _isCall;
        private readonly int[] _returnOf;
        private readonly ulong[] _ordered;
        private readonly HashSet<Configuration> _visited = [];
        private readonly Stack<(int Call, long Value)> _path = new();
        private int _open;

        public Search(List<RegisterEvent> operations)
        {
            _operations = operations;
            int points = (operations.Count * 2) + 1;
            _next = new int[points];
            _previous = new int[points];
            _operationOf = new int[points];
            _isCall = new bool[points];
            _returnOf = new int[points];
            _ordered = new ulong[(operations.Count + 63) / 64];
            _open = operations.Count(o => !o.IsUnknown);
            Link();
        }

        public Linearizable Run(long stepsMax)
        {
            long value = 0;
            int at = _next[Head];
            for (long steps = 0; _open > 0; steps++)
            {
                if (steps > stepsMax)
                {
                    return Linearizable.Undecided;
                }

                if (at != Head && _isCall[at])
                {
                    int operation = _operationOf[at];
                    if (Apply(_operations[operation], value, out long after) && Mark(operation, after))
                    {
                        _path.Push((at, value));
                        value = after;
                        Lift(at);
                        at = _next[Head];
                    }
                    else
                    {
                        at = _next[at];
                    }
                }
                else if (_path.Count == 0)
                {
                    return Linearizable.No;
                }
                else
                {
                    // Reached a return that must come first, or the end: the last choice was wrong.
                    (int call, value) = _path.Pop();
                    _ordered[_operationOf[call] / 64] &= ~(1UL << (_operationOf[call] % 64));
                    Unlift(call);
                    at = _next[call];
                }
            }

            return Linearizable.Yes;
        }

        private static bool Apply(in RegisterEvent operation, long value, out long after)
        {
            after = operation.Action is RegisterAction.Write or RegisterAction.CompareAndSet ? operation.Value : value;
            return operation.Action switch
            {
                RegisterAction.Write => true,
                RegisterAction.Read => operation.Value == value,
                RegisterAction.CompareAndSet => operation.Expected == value,
                RegisterAction.FailedCompareAndSet => operation.Expected != value,
            };
        }

        /// <summary>Adds the operation to the ordered set; false when this set with this value was explored before.</summary>
        private bool Mark(int operation, long after)
        {
            _ordered[operation / 64] |= 1UL << (operation % 64);
            if (_visited.Add(new Configuration((ulong[])_ordered.Clone(), after)))
            {
                return true;
            }

            _ordered[operation / 64] &= ~(1UL << (operation % 64));
            return false;
        }

        private void Link()
        {
            List<(long Time, bool IsCall, int Operation)> points = new(_operations.Count * 2);
            for (int i = 0; i < _operations.Count; i++)
            {
                points.Add((_operations[i].Start, true, i));
                points.Add((_operations[i].End, false, i));
            }

            // At one time calls come first: touching operations count as concurrent.
            points.Sort((a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time)
                : a.IsCall != b.IsCall ? b.IsCall.CompareTo(a.IsCall) : a.Operation.CompareTo(b.Operation));
            int[] callOf = new int[_operations.Count];
            int last = Head;
            for (int i = 0; i < points.Count; i++)
            {
                int point = i + 1;
                _operationOf[point] = points[i].Operation;
                _isCall[point] = points[i].IsCall;
                _previous[point] = last;
                _next[last] = point;
                last = point;
                if (points[i].IsCall)
                {
                    callOf[points[i].Operation] = point;
                }
                else
                {
                    _returnOf[callOf[points[i].Operation]] = point;
                }
            }

            _next[last] = Head;
            _previous[Head] = last;
        }

        private void Lift(int call)
        {
            Remove(call);
            Remove(_returnOf[call]);
            _open -= _operations[_operationOf[call]].IsUnknown ? 0 : 1;
        }

        private void Unlift(int call)
        {
            Restore(_returnOf[call]);
            Restore(call);
            _open += _operations[_operationOf[call]].IsUnknown ? 0 : 1;
        }

        private void Remove(int point)
        {
            _next[_previous[point]] = _next[point];
            _previous[_next[point]] = _previous[point];
        }

        private void Restore(int point)
        {
            _next[_previous[point]] = point;
            _previous[_next[point]] = point;
        }
    }

    /// <summary>A set of ordered operations and the register's value after them.</summary>
    private readonly struct Configuration(ulong[] ordered, long value) : IEquatable<Configuration>
    {
        private readonly ulong[] _ordered = ordered;
        private readonly long _value = value;

        public bool Equals(Configuration other) =>
            _value == other._value && _ordered.AsSpan().SequenceEqual(other._ordered);

        public override bool Equals(object? obj) => obj is Configuration other && Equals(other);

        public override int GetHashCode()
        {
            ulong hash = (ulong)_value;
            foreach (ulong word in _ordered)
            {
                hash = StateSummary.Mix(hash, word);
            }

            return (int)(hash ^ (hash >> 32));
        }
    }
}

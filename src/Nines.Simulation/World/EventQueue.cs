namespace Nines.Simulation;

/// <summary>What an event is about. The number goes into the trace hash.</summary>
public enum EventKind : byte
{
    None = 0,
    NodeTick = 1,
    NodeTurn = 2,
    NodeStart = 3,
    Deliver = 4,
    BackgroundStep = 5,
    ClientStart = 6,
    ClientSend = 7,
    ClientAnswer = 8,
    ClientTimeout = 9,
    Fault = 10,
    Heal = 11,
    Check = 12,
    NodeTimer = 13,
}

/// <summary>Receives the events scheduled for it, in the order of virtual time.</summary>
public interface IEventTarget
{
    void Fire(in SimulationEvent happened);
}

/// <summary>
/// One future event. The two numbers and the payload mean what their target says. Events are never taken back: a target that
/// has moved on (crashed, restarted) recognises an old one by the generation it put into <see cref="A"/> or <see cref="B"/>.
/// </summary>
public struct SimulationEvent
{
    public IEventTarget Target;
    public EventKind Kind;
    public int Node;
    public long A;
    public long B;
    public object? Payload;
}

/// <summary>
/// A binary heap of (time, sequence) whose order is total: of two events at one microsecond the one scheduled first comes first,
/// so that nothing ever depends on the heap's own shape. The bodies lie still in a pool while the heap moves only small keys.
/// </summary>
public sealed class EventQueue
{
    private Key[] _heap = new Key[1024];
    private SimulationEvent[] _bodies = new SimulationEvent[1024];
    private int[] _free = new int[1024];
    private int _freeCount;
    private int _bodyCount;
    private long _sequence;

    public int Count { get; private set; }

    /// <summary>The time of the next event. Only when there is one.</summary>
    public long NextTimeUs => _heap[0].TimeUs;

    public void Add(long timeUs, in SimulationEvent happening)
    {
        int slot = TakeSlot();
        _bodies[slot] = happening;
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Count * 2);
        }

        Key key = new(timeUs, _sequence++, slot);
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) >> 1;
            if (!key.Before(_heap[parent]))
            {
                break;
            }

            _heap[at] = _heap[parent];
            at = parent;
        }

        _heap[at] = key;
    }

    public SimulationEvent Take(out long timeUs)
    {
        Key first = _heap[0];
        Key last = _heap[--Count];
        if (Count > 0)
        {
            SinkFromTop(last);
        }

        timeUs = first.TimeUs;
        SimulationEvent happening = _bodies[first.Slot];
        _bodies[first.Slot] = default;
        _free[_freeCount++] = first.Slot;
        return happening;
    }

    private void SinkFromTop(Key key)
    {
        Key[] heap = _heap;
        int at = 0;
        while (true)
        {
            int child = (at * 2) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && heap[child + 1].Before(heap[child]))
            {
                child++;
            }

            if (!heap[child].Before(key))
            {
                break;
            }

            heap[at] = heap[child];
            at = child;
        }

        heap[at] = key;
    }

    private int TakeSlot()
    {
        if (_freeCount > 0)
        {
            return _free[--_freeCount];
        }

        if (_bodyCount == _bodies.Length)
        {
            Array.Resize(ref _bodies, _bodyCount * 2);
            Array.Resize(ref _free, _bodyCount * 2);
        }

        return _bodyCount++;
    }

    private readonly struct Key(long timeUs, long sequence, int slot)
    {
        public readonly long TimeUs = timeUs;
        public readonly int Slot = slot;
        private readonly long _sequence = sequence;

        public bool Before(in Key other) =>
            TimeUs < other.TimeUs || (TimeUs == other.TimeUs && _sequence < other._sequence);
    }
}

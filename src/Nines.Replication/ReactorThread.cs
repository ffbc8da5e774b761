using Nines.Kernel;
using Nines.Replication.Requests;

namespace Nines.Replication;

/// <summary>
/// The shell around a <see cref="Reactor"/>: its part of the event loop that owns it, its inbox and its ticks; the other part is the
/// door side, <see cref="IReplicated"/>. It decides nothing about the protocol.
/// </summary>
public sealed partial class ReactorThread : IReplicated, ILoopPart, IDisposable
{
    /// <summary>Peer frames waiting for the reactor, in bytes; beyond that they are dropped, and their senders repeat.</summary>
    private const long MaxInboxBytes = 256L << 20;

    /// <summary>Inputs of one turn; the rest waits for the next, so that a backlog does not keep the reactor from speaking.</summary>
    private const int MaxInputsPerTurn = 4096;

    private readonly Lock _lock = new();
    private readonly EventLoop _loop;
    private readonly ReactorOptions _options;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _failed;
    private readonly Action _flushNetwork;
    private readonly Completions _completions = new();
    private readonly FreshIds _ids;
    private List<Input> _inbox = [];
    private List<Input> _work = [];
    private readonly long _began;
    private readonly long _tickTime;
    private long _nextTick;
    private long _inboxBytes;
    private int _worked;
    private bool _signalled;
    private bool _failedAlready;

    /// <param name="reactor">Owned from now on by the loop's thread alone.</param>
    /// <param name="loop">Runs it, perhaps with its network's connections and its doors.</param>
    /// <param name="options">The reactor's own options.</param>
    /// <param name="clock">Ticks and the wall clock.</param>
    /// <param name="flushNetwork">Called after each turn: sends what the turn handed to the network.</param>
    /// <param name="failed">Told the exception that ended the reactor; the process should stop.</param>
    public ReactorThread(
        Reactor reactor, EventLoop loop, ReactorOptions options, TimeProvider clock, Action flushNetwork, Action<Exception> failed)
    {
        Reactor = reactor;
        _loop = loop;
        _options = options;
        _clock = clock;
        _began = clock.GetTimestamp();
        _tickTime = TimeSpan.FromMilliseconds(options.TickMs).Ticks * clock.TimestampFrequency / TimeSpan.TicksPerSecond;
        _nextTick = _began + _tickTime;
        _ids = new(reactor.Self, clock);
        _flushNetwork = flushNetwork;
        _failed = failed;
    }

    /// <summary>For its members that say they may be called from any thread.</summary>
    public Reactor Reactor { get; }

    public void Start() => _loop.Add(this);

    /// <summary>A frame from a peer. False: the inbox is full and the frame was dropped.</summary>
    public bool Post(NodeId from, BootId boot, ReadOnlyMemory<byte> frame)
    {
        if (Volatile.Read(ref _inboxBytes) > MaxInboxBytes)
        {
            return false;
        }

        Interlocked.Add(ref _inboxBytes, frame.Length);
        Enqueue(new() { From = from, Boot = boot, Frame = frame });
        return true;
    }

    /// <summary>Runs something in the reactor's next turn: background completions, administration.</summary>
    public void Post(Action<Reactor> action) => Enqueue(new() { Action = action });

    /// <summary>Before a planned stop: other replicas take over what this node leads, so that nobody waits for an election.</summary>
    /// <param name="patience">What is still led then is left to an election.</param>
    public async Task HandOverAsync(TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience);
        Post(static reactor => reactor.HandOver());
        while (!timeout.IsCancellationRequested)
        {
            var leads = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            Post(reactor => leads.TrySetResult(reactor.LeadsAny));
            try
            {
                if (!await leads.Task.WaitAsync(timeout.Token))
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(_options.TickMs), _clock, timeout.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public void Dispose() => _loop.Remove(this);

    /// <summary>One turn, when there is anything to do in it.</summary>
    int ILoopPart.Round()
    {
        try
        {
            return _failedAlready ? ILoopPart.Never : Turn();
        }
        catch (Exception failure)
        {
            // Nothing the reactor holds may be trusted after this. Whoever started the node stops the process; the other
            // nodes go on, and a restart recovers from what is on disk.
            _failedAlready = true;
            _failed(failure);
            return ILoopPart.Never;
        }
    }

    private void Enqueue(in Input input)
    {
        bool wake;
        lock (_lock)
        {
            _inbox.Add(input);
            wake = !_signalled;
            _signalled = true;
        }

        // The loop's own thread comes by here anyway, before it sleeps.
        if (wake && !_loop.IsHere)
        {
            _loop.Wake();
        }
    }

    /// <summary>Milliseconds since the start, rounded down.</summary>
    private long SteadyMs() => (long)_clock.GetElapsedTime(_began).TotalMilliseconds;

    private int Turn()
    {
        // What others said comes before the tick that may find them silent.
        bool more = Drain(out bool any);
        long now = _clock.GetTimestamp();
        if (now >= _nextTick)
        {
            Reactor.Tick(_clock.GetUtcNow().ToUnixTimeMilliseconds(), SteadyMs());

            // After a pause there is one tick, not many: time that this process slept through must not count as
            // silence of the others.
            _nextTick = Math.Max(_nextTick + _tickTime, now + (_tickTime / 2));
            any = true;
        }

        if (any)
        {
            Reactor.Turn();
            _flushNetwork();
            _completions.Flush();
        }

        // Rounded up to the clock's millisecond: a wait of none would be a spin.
        return more || HasInput ? 0 : (int)Math.Ceiling(_clock.GetElapsedTime(now, _nextTick).TotalMilliseconds);
    }

    private bool HasInput
    {
        get
        {
            lock (_lock)
            {
                return _inbox.Count > 0;
            }
        }
    }

    /// <summary>True: not all could be taken in this turn.</summary>
    private bool Drain(out bool any)
    {
        if (_work.Count == 0)
        {
            lock (_lock)
            {
                (_inbox, _work) = (_work, _inbox);
                _signalled = false;
            }
        }

        any = _work.Count > 0;
        int end = Math.Min(_work.Count, _worked + MaxInputsPerTurn);
        foreach (ref readonly Input input in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_work)[_worked..end])
        {
            Take(input);
        }

        _worked = end;
        if (end == _work.Count)
        {
            _work.Clear();
            _worked = 0;
            return false;
        }

        return true;
    }

    private void Take(in Input input)
    {
        if (input.Request is not null)
        {
            Reactor.Submit(input.Request);
        }
        else if (input.Action is not null)
        {
            input.Action(Reactor);
        }
        else
        {
            Interlocked.Add(ref _inboxBytes, -input.Frame.Length);
            Reactor.Receive(input.From, input.Boot, input.Frame);
        }
    }

    private readonly struct Input
    {
        public Request? Request { get; init; }

        public Action<Reactor>? Action { get; init; }

        public NodeId From { get; init; }

        public BootId Boot { get; init; }

        public ReadOnlyMemory<byte> Frame { get; init; }
    }
}

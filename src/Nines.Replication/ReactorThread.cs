using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Nines.Kernel;
using Nines.Replication.Requests;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// The shell around a <see cref="Reactor"/>: the one thread that owns it, its inbox, its ticks, and the door side of
/// <see cref="IReplicated"/>. It decides nothing about the protocol.
/// </summary>
public sealed class ReactorThread : IReplicated, IDisposable
{
    /// <summary>Peer frames waiting for the reactor, in bytes; beyond that they are dropped, and their senders repeat.</summary>
    private const long MaxInboxBytes = 256L << 20;

    private readonly Lock _lock = new();
    private readonly Doorbell _doorbell = new();
    private readonly Thread _thread;
    private readonly ReactorOptions _options;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _failed;
    private readonly Action _flushNetwork;
    private List<Input> _inbox = [];
    private List<Input> _work = [];
    private long _inboxBytes;
    private long _pendingBytes;
    private int _pending;
    private bool _signalled;
    private volatile bool _stopping;

    /// <param name="reactor">Owned from now on by this thread alone.</param>
    /// <param name="options">The reactor's own options.</param>
    /// <param name="clock">Ticks and the wall clock.</param>
    /// <param name="flushNetwork">Called after each turn: sends what the turn handed to the network.</param>
    /// <param name="failed">Told the exception that ended the thread; the process should stop.</param>
    public ReactorThread(
        Reactor reactor, ReactorOptions options, TimeProvider clock, Action flushNetwork, Action<Exception> failed)
    {
        Reactor = reactor;
        _options = options;
        _clock = clock;
        _flushNetwork = flushNetwork;
        _failed = failed;
        _thread = new(Run) { Name = "reactor", IsBackground = true };
    }

    /// <summary>For its members that say they may be called from any thread.</summary>
    public Reactor Reactor { get; }

    public IReadOnlyList<GroupId> Groups => Reactor.Map.DataGroups;

    public GroupId GroupOf(ReadOnlySpan<byte> partitionKey) => Reactor.Map.GroupOf(partitionKey);

    public void Start() => _thread.Start();

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

    public async ValueTask<Answer> WriteAsync(
        GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout)
    {
        if (!TryAdmit(command.Length))
        {
            return Overloaded(group);
        }

        // Copied here and not when the reactor gets to it: the caller may use its buffer again as soon as this call returns.
        AwaitableRequest request = Prepare(group, machine, command.ToArray(), timeout);
        request.IsWrite = true;
        request.Id = id == RequestId.None ? NewId() : id;
        Enqueue(new() { Request = request });
        ReadTicket ticket = await request.Task;
        Leave(command.Length);
        return ticket.Answer;
    }

    public ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        // Weak reads that this node can answer at once never meet the reactor.
        if (consistency != Consistency.Strong && Reactor.TryReadHere(group, machine, consistency, notBefore, out ReadTicket ticket))
        {
            return new(Run(ticket, query));
        }

        return ReadThroughReactorAsync(group, machine, consistency, notBefore, query, timeout);
    }

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

    public void Dispose()
    {
        _stopping = true;
        _doorbell.Ring();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join(TimeSpan.FromSeconds(10));
        }
    }

    private async ValueTask<Answer> ReadThroughReactorAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        if (!TryAdmit(query.Length))
        {
            return Overloaded(group);
        }

        AwaitableRequest request = Prepare(group, machine, query, timeout);
        request.IsWrite = false;
        request.Consistency = consistency;
        request.NotBefore = notBefore;
        request.Id = RequestId.None;
        Enqueue(new() { Request = request });
        ReadTicket ticket = await request.Task;
        Leave(query.Length);
        return Run(ticket, query);
    }

    /// <summary>Runs the query on the caller's thread when the reactor only settled which state it may see.</summary>
    private Answer Run(in ReadTicket ticket, ReadOnlyMemory<byte> query)
    {
        if (ticket.State is null || ticket.Machine is null)
        {
            return ticket.Answer;
        }

        ByteBuffer buffer = QueryBuffer.Take();
        try
        {
            ticket.Machine.Query(query, new MachineReader(ticket.State, ticket.Machine.Id), buffer);
            return ticket.Answer with { Body = buffer.ToArray() };
        }
        catch (DamagedException damage)
        {
            GroupId group = ticket.Answer.Group;
            Post(reactor => reactor.ReportDamage(group, damage.Message));
            return new() { Outcome = Outcome.NotDone, Reason = Reason.Unavailable, Group = group, RetryAfterMs = 200 };
        }
        finally
        {
            (ticket.State as IDisposable)?.Dispose();
        }
    }

    private AwaitableRequest Prepare(GroupId group, byte machine, ReadOnlyMemory<byte> body, TimeSpan timeout)
    {
        AwaitableRequest request = AwaitableRequest.Take();
        request.Group = group;
        request.Machine = machine;
        request.Body = body;
        request.TimeoutTicks = Math.Max(1, (long)(timeout.TotalMilliseconds / _options.TickMs));
        return request;
    }

    private bool TryAdmit(int bytes)
    {
        if (Interlocked.Increment(ref _pending) > _options.MaxRequests)
        {
            Interlocked.Decrement(ref _pending);
            return false;
        }

        if (Interlocked.Add(ref _pendingBytes, bytes) > _options.MaxRequestBytes)
        {
            Leave(bytes);
            return false;
        }

        return true;
    }

    private void Leave(int bytes)
    {
        Interlocked.Decrement(ref _pending);
        Interlocked.Add(ref _pendingBytes, -bytes);
    }

    private static Answer Overloaded(GroupId group) =>
        new() { Outcome = Outcome.NotDone, Reason = Reason.Overloaded, Group = group, RetryAfterMs = 50 };

    private static RequestId NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes));
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

        if (wake)
        {
            _doorbell.Ring();
        }
    }

    private void Run()
    {
        try
        {
            Loop();
        }
        catch (Exception failure)
        {
            // Nothing the reactor holds may be trusted after this. Whoever started the node stops the process; the other
            // nodes go on, and a restart recovers from what is on disk.
            _failed(failure);
        }
    }

    private void Loop()
    {
        long tickTime = TimeSpan.FromMilliseconds(_options.TickMs).Ticks * _clock.TimestampFrequency / TimeSpan.TicksPerSecond;
        long nextTick = _clock.GetTimestamp() + tickTime;
        while (!_stopping)
        {
            long now = _clock.GetTimestamp();
            if (now < nextTick)
            {
                // Rounded up to the clock's millisecond: a wait of none would be a spin.
                _doorbell.Wait(TimeSpan.FromMilliseconds(Math.Ceiling(_clock.GetElapsedTime(now, nextTick).TotalMilliseconds)));
                now = _clock.GetTimestamp();
            }

            Drain();
            if (now >= nextTick)
            {
                Reactor.Tick(_clock.GetUtcNow().ToUnixTimeMilliseconds());
                // After a pause there is one tick, not many: time that this process slept through must not count as
                // silence of the others.
                nextTick = Math.Max(nextTick + tickTime, now + (tickTime / 2));
            }

            Reactor.Turn();
            _flushNetwork();
        }
    }

    private void Drain()
    {
        lock (_lock)
        {
            (_inbox, _work) = (_work, _inbox);
            _signalled = false;
        }

        foreach (ref readonly Input input in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_work))
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

        _work.Clear();
    }

    private readonly struct Input
    {
        public Request? Request { get; init; }

        public Action<Reactor>? Action { get; init; }

        public NodeId From { get; init; }

        public BootId Boot { get; init; }

        public ReadOnlyMemory<byte> Frame { get; init; }
    }

    private static class QueryBuffer
    {
        [ThreadStatic]
        private static ByteBuffer? t_buffer;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ByteBuffer Take()
        {
            ByteBuffer buffer = t_buffer ??= new(4096);
            buffer.Clear();
            return buffer;
        }
    }
}

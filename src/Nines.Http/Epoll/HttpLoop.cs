using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Nines.Kernel;

namespace Nines.Http.Epoll;

/// <summary>
/// One thread that owns its connections: it accepts, reads, runs handlers up to their first wait, and is the <see cref="Executor"/> on
/// which they go on. So a connection needs no lock, a request is received with one call and answered with one.
/// </summary>
internal sealed class HttpLoop : Executor
{
    private const int MaxEvents = 512;

    /// <summary>Connections taken at one go, so that those there are get their turn.</summary>
    private const int MaxAccepts = 64;

    private const int SweepMs = 1000;
    /// <summary>Not a size of the shared pool's arrays, which are powers of two: so one knows where a buffer belongs.</summary>
    private const int BufferBytes = (8 * 1024) - 64;
    private const int MaxPooledBuffers = 256;

    private readonly HttpHandler _handler;
    private readonly HttpLimits _limits;
    private readonly ILogger _log;
    private readonly Action _ended;
    private readonly int _listener;
    private readonly int _epoll = Checked(Libc.NewEpoll(), "epoll_create1");
    private readonly int _bell = Checked(Libc.NewEvent(), "eventfd");
    private readonly EpollEvents _events = new(MaxEvents);
    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _buffers = new();
    private readonly Stack<ByteBuffer> _answers = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<IThreadPoolWorkItem> _posted = [];
    private List<IThreadPoolWorkItem> _running = [];
    private HttpConnection?[] _connections = new HttpConnection?[64];
    private bool _sleeps;
    private bool _accepts = true;
    private bool _knocks;
    private bool _aborts;
    private long _nextSweep;
    private long _dateSecond;

    /// <param name="listener">A listening socket that does not block; several loops may share it.</param>
    /// <param name="handler">Runs here, up to its first wait.</param>
    /// <param name="limits">This loop's share of them.</param>
    /// <param name="log">What goes wrong.</param>
    /// <param name="ended">Called when the loop has closed everything and its thread ends.</param>
    public HttpLoop(int listener, HttpHandler handler, HttpLimits limits, ILogger log, Action ended)
    {
        _listener = listener;
        _handler = handler;
        _limits = limits;
        _log = log;
        _ended = ended;
        Checked(Libc.Control(_epoll, Libc.EpollAdd, _bell, Libc.EpollIn), "epoll_ctl");
        Checked(Libc.Control(_epoll, Libc.EpollAdd, _listener, Libc.EpollIn | Libc.EpollExclusive), "epoll_ctl");
        _thread = new Thread(Run) { IsBackground = true, Name = "nines-http" };
    }

    public HttpHandler Handler => _handler;

    public HttpLimits Limits => _limits;

    public ILogger Log => _log;

    /// <summary>Milliseconds, read once for each round.</summary>
    public long Now { get; private set; } = Environment.TickCount64;

    /// <summary>"date: …" with its line end, for the current second (RFC 9110, section 6.6.1).</summary>
    public byte[] DateField { get; private set; } = [];

    /// <summary>No further requests: idle connections are closed, busy ones after their answer.</summary>
    public bool IsStopping { get; private set; }

    public int Connections { get; private set; }

    /// <summary>The loop does not touch the listening socket any more.</summary>
    public Task Stopped => _stopped.Task;

    public void Start() => _thread.Start();

    /// <summary>Any thread.</summary>
    public void Stop() => Post(new Command(this, abort: false));

    /// <summary>What is still open is cut. Any thread.</summary>
    public void Abort() => Post(new Command(this, abort: true));

    public override void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _posted.Add(work);
            if (_sleeps)
            {
                ulong one = 1;
                _ = Libc.WriteEvent(_bell, in one, sizeof(ulong));
                _sleeps = false;
            }
        }
    }

    public byte[] RentBuffer() => _buffers.TryPop(out byte[]? buffer) ? buffer : GC.AllocateUninitializedArray<byte>(BufferBytes);

    public void ReturnBuffer(byte[] buffer) => _ = TryReturnBuffer(buffer);

    /// <summary>False: it is not of the loop's size.</summary>
    public bool TryReturnBuffer(byte[] buffer)
    {
        if (buffer.Length != BufferBytes)
        {
            return false;
        }

        if (_buffers.Count < MaxPooledBuffers)
        {
            _buffers.Push(buffer);
        }

        return true;
    }

    public ByteBuffer RentAnswer() => _answers.TryPop(out ByteBuffer? answer) ? answer : new ByteBuffer(BufferBytes / 4);

    public void ReturnAnswer(ByteBuffer answer)
    {
        if (answer.Capacity <= 4 * BufferBytes && _answers.Count < MaxPooledBuffers)
        {
            answer.Clear();
            _answers.Push(answer);
        }
    }

    /// <summary>The connection hears nothing more, and its descriptor is free for another.</summary>
    public void Forget(HttpConnection connection)
    {
        _ = Libc.Close(connection.Descriptor);
        _connections[connection.Descriptor] = null;
        Connections--;
    }

    private void Run()
    {
        Current = this;
        while (!(IsStopping && Connections == 0))
        {
            int count = Wait();
            Now = Environment.TickCount64;
            RefreshDate();
            for (int i = 0; i < count; i++)
            {
                (uint events, int descriptor) = _events[i];
                Dispatch(events, descriptor);
            }

            // Not before: a descriptor that one of these events closed may come back for a new client, and an event of the old one hit it.
            if (_knocks)
            {
                _knocks = false;
                Accept();
            }

            RunPosted();
            if (Now >= _nextSweep)
            {
                _nextSweep = Now + SweepMs;
                Sweep();
            }
        }

        _ = Libc.Close(_epoll);
        lock (_gate)
        {
            // Nobody rings any more.
            _sleeps = false;
            _ = Libc.Close(_bell);
        }

        _ended();
    }

    private int Wait()
    {
        bool sleeps;
        lock (_gate)
        {
            sleeps = _posted.Count == 0;
            _sleeps = sleeps;
        }

        // With nobody to time out there is nothing to wake up for.
        int timeout = !sleeps ? 0 : Connections == 0 && _accepts ? -1 : (int)Math.Clamp(_nextSweep - Environment.TickCount64, 1, SweepMs);
        int count = _events.Wait(_epoll, timeout);
        if (count < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            Invariant.Assert(error == Libc.Interrupted);
            count = 0;
        }

        if (sleeps)
        {
            lock (_gate)
            {
                _sleeps = false;
            }
        }

        return count;
    }

    private void Dispatch(uint events, int descriptor)
    {
        if (descriptor == _bell)
        {
            ulong rung = 0;
            _ = Libc.ReadEvent(_bell, ref rung, sizeof(ulong));
        }
        else if (descriptor == _listener)
        {
            _knocks = true;
        }
        else if (descriptor < _connections.Length && _connections[descriptor] is { } connection)
        {
            connection.OnEvents(events);
        }
    }

    private void Accept()
    {
        for (int i = 0; i < MaxAccepts && _accepts; i++)
        {
            int socket = Libc.Accept(_listener);
            if (socket < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error is not (Libc.WouldBlock or Libc.Interrupted))
                {
                    // Out of descriptors, or the peer is gone already. The listener would report the same at once again: wait a little.
                    _log.LogWarning("A connection could not be accepted: error {Error}.", error);
                    PauseAccepting();
                }

                return;
            }

            Welcome(socket);
        }
    }

    private void Welcome(int socket)
    {
        if (Connections >= _limits.MaxConnections)
        {
            _ = Libc.Close(socket);
            return;
        }

        Libc.SetNoDelay(socket);
        if (socket >= _connections.Length)
        {
            Array.Resize(ref _connections, Math.Max(socket + 1, _connections.Length * 2));
        }

        _connections[socket] = new HttpConnection(this, socket);
        Connections++;
        const uint Events = Libc.EpollIn | Libc.EpollOut | Libc.EpollPeerClosed | Libc.EpollEdge;
        if (Libc.Control(_epoll, Libc.EpollAdd, socket, Events) < 0)
        {
            Forget(_connections[socket]!);
        }
    }

    private void PauseAccepting()
    {
        _accepts = false;
        _ = Libc.Control(_epoll, Libc.EpollDelete, _listener, 0);
    }

    private void RunPosted()
    {
        lock (_gate)
        {
            (_posted, _running) = (_running, _posted);
        }

        foreach (IThreadPoolWorkItem work in _running)
        {
            work.Execute();
        }

        _running.Clear();
    }

    private void Sweep()
    {
        if (!_accepts && !IsStopping)
        {
            _accepts = Libc.Control(_epoll, Libc.EpollAdd, _listener, Libc.EpollIn | Libc.EpollExclusive) >= 0;
        }

        foreach (HttpConnection? connection in _connections)
        {
            if (_aborts)
            {
                connection?.Abort();
            }
            else
            {
                connection?.CheckTime();
            }
        }
    }

    private void RefreshDate()
    {
        if (Now / 1000 != _dateSecond)
        {
            _dateSecond = Now / 1000;
            DateField = Encoding.ASCII.GetBytes($"date: {DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture)}\r\n");
        }
    }

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed with error {Marshal.GetLastPInvokeError()}");

    private sealed class Command(HttpLoop loop, bool abort) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (!loop.IsStopping)
            {
                loop.IsStopping = true;
                loop.PauseAccepting();
                loop._stopped.SetResult();
            }

            loop._aborts |= abort;
            loop.Sweep();
        }
    }
}

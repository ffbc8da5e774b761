using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Loops;

namespace Nines.Http.Epoll;

/// <summary>
/// The connections of one listening socket on one loop: it accepts, reads, runs handlers up to their first wait, and goes on with them on
/// the loop's thread. So a connection needs no lock, a request is received with one call and answered with one.
/// </summary>
internal sealed class HttpPort : ILoopPart, IWatcher
{
    /// <summary>Connections taken at one go, so that those there are get their turn.</summary>
    private const int MaxAccepts = 64;

    private const int SweepMs = 1000;

    /// <summary>Not a size of the shared pool's arrays, which are powers of two: so one knows where a buffer belongs.</summary>
    public const int BufferBytes = (8 * 1024) - 64;
    private const int MaxPooledBuffers = 256;

    /// <summary>Larger arrays are not kept: a burst of large requests must not stay in memory.</summary>
    private const int MaxSharedBytes = 1 << 20;

    private readonly HttpHandler _handler;
    private readonly HttpLimits _limits;
    private readonly ILogger _log;
    private readonly int _listener;
    private readonly Stack<byte[]> _buffers = new();
    private readonly Stack<ByteBuffer> _answers = new();
    private readonly ConnectionCount _count;
    private readonly HashSet<HttpConnection> _connections = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _accepts;
    private bool _knocks;
    private long _nextSweep;
    private long _dateSecond;

    /// <param name="loop">Where everything here happens; others may be on it too.</param>
    /// <param name="listener">A listening socket that does not block; several ports may share it.</param>
    /// <param name="handler">Runs on the loop, up to its first wait.</param>
    /// <param name="limits">Those of the listener.</param>
    /// <param name="count">Its connections, together with those of its other ports.</param>
    /// <param name="held">What they hold, together likewise.</param>
    /// <param name="log">What goes wrong.</param>
    public HttpPort(
        EpollLoop loop, int listener, HttpHandler handler, HttpLimits limits, ConnectionCount count, ByteBudget held, ILogger log)
    {
        _count = count;
        Held = held;
        Loop = loop;
        _listener = listener;
        _handler = handler;
        _limits = limits;
        _log = log;
    }

    public EpollLoop Loop { get; }

    public HttpHandler Handler => _handler;

    public HttpLimits Limits => _limits;

    public ILogger Log => _log;

    /// <summary>What the connections hold beyond a buffer of <see cref="BufferBytes"/> each.</summary>
    public ByteBudget Held { get; }

    /// <summary>Milliseconds, read once for each round.</summary>
    public long Now => Loop.Now;

    /// <summary>"date: …" with its line end, for the current second (RFC 9110, section 6.6.1).</summary>
    public byte[] DateField { get; private set; } = [];

    /// <summary>No further requests: idle connections are closed, busy ones after their answer.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>The listening socket is not touched any more.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Stopped, and the last connection is closed.</summary>
    public Task Ended => _ended.Task;

    public void Start()
    {
        bool started = Loop.Do(() =>
        {
            RefreshDate();
            Listen();
            Loop.Add(this);
        });
        Invariant.Assert(started);
    }

    /// <summary>Any thread.</summary>
    public void Stop() => OnLoop(() =>
    {
        if (!IsStopping)
        {
            IsStopping = true;
            PauseAccepting();
            _stopped.SetResult();
            ForEach(static connection => connection.CheckTime());
            EndIfDone();
        }
    });

    /// <summary>After <see cref="Stop"/>: what is still open is cut. Any thread.</summary>
    public void Abort() => OnLoop(() => ForEach(static connection => connection.Abort()));

    /// <summary>Somebody knocks. Accepted once the other events of this wait are handled.</summary>
    public void OnEvents(uint events) => _knocks = true;

    public int Round()
    {
        RefreshDate();
        if (_knocks)
        {
            _knocks = false;
            Accept();
        }

        if (Now >= _nextSweep)
        {
            _nextSweep = Now + SweepMs;
            Sweep();
        }

        // With nobody to time out there is nothing to wake up for.
        return _connections.Count == 0 && (_accepts || IsStopping) ? ILoopPart.Never : (int)Math.Clamp(_nextSweep - Now, 1, SweepMs);
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

    /// <summary>False: the connections together hold as much as they may.</summary>
    public bool TryRentLarge(int atLeast, out byte[] buffer)
    {
        buffer = atLeast > MaxSharedBytes ? GC.AllocateUninitializedArray<byte>(atLeast) : ArrayPool<byte>.Shared.Rent(atLeast);
        if (Held.TryTake(buffer.Length))
        {
            return true;
        }

        GiveBack(buffer);
        return false;
    }

    /// <summary>One that came from <see cref="TryRentLarge"/>.</summary>
    public void ReturnLarge(byte[] buffer)
    {
        Held.Give(buffer.Length);
        GiveBack(buffer);
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

    /// <summary>The connection is closed: it hears nothing more, and its descriptor is free for another.</summary>
    public void Forget(HttpConnection connection)
    {
        Loop.Forget(connection.Descriptor);
        _ = Libc.Close(connection.Descriptor);
        _ = _connections.Remove(connection);
        _count.Give();
        EndIfDone();
    }

    private void Accept()
    {
        for (int i = 0; i < MaxAccepts && _accepts; i++)
        {
            int socket = Libc.Accept(_listener);
            if (socket < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error == Libc.WouldBlock)
                {
                    return;
                }

                if (Libc.IsShortage(error))
                {
                    // The listener would report the same at once again: wait a little.
                    _log.LogWarning("A connection could not be accepted: error {Error}.", error);
                    PauseAccepting();
                }

                // All else is the trouble of one connection, which is off the list with that (accept(2)).
                _log.LogDebug("A connection ended before it was accepted: error {Error}.", error);
                continue;
            }

            Welcome(socket);
        }
    }

    private void Welcome(int socket)
    {
        const uint Events = Libc.EpollIn | Libc.EpollOut | Libc.EpollPeerClosed | Libc.EpollEdge;
        if (!_count.TryTake())
        {
            _ = Libc.Close(socket);
            return;
        }

        var connection = new HttpConnection(this, socket);
        if (!Loop.TryWatch(socket, Events, connection))
        {
            _ = Libc.Close(socket);
            _count.Give();
            return;
        }

        Libc.SetNoDelay(socket);
        _connections.Add(connection);
    }

    private void Listen() => _accepts = Loop.TryWatch(_listener, Libc.EpollIn | Libc.EpollExclusive, this);

    private void PauseAccepting()
    {
        if (_accepts)
        {
            _accepts = false;
            _knocks = false;
            Loop.Unwatch(_listener);
        }
    }

    private void Sweep()
    {
        if (!_accepts && !IsStopping)
        {
            Listen();
        }

        ForEach(static connection => connection.CheckTime());
    }

    /// <summary>Connections may close meanwhile.</summary>
    private void ForEach(Action<HttpConnection> action)
    {
        foreach (HttpConnection connection in _connections.ToArray())
        {
            action(connection);
        }
    }

    /// <summary>A loop that has ended has no thread any more whom all this belongs to.</summary>
    private void OnLoop(Action action)
    {
        if (!Loop.Do(action) && Loop.HasEnded)
        {
            action();
        }
    }

    private void EndIfDone()
    {
        if (IsStopping && _connections.Count == 0 && _ended.TrySetResult())
        {
            Loop.Remove(this);
        }
    }

    private static void GiveBack(byte[] buffer)
    {
        if (buffer.Length <= MaxSharedBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
}

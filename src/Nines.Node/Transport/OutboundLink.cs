using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Transport;

/// <summary>
/// The connection this node sends to one peer on. Messages gather in a buffer and leave with <see cref="Flush"/>, one system
/// call for all of them, on the caller's own thread: a thread hop costs more than the call. Only when the kernel's buffer is
/// full does an asynchronous pump take over, and new messages gather behind it, up to the bound.
/// </summary>
internal sealed class OutboundLink : IDisposable
{
    /// <summary>A buffer that grew beyond this for a burst is given back once it is empty.</summary>
    private const int KeepBufferBytes = 1024 * 1024;

    private const int FirstBufferBytes = 16 * 1024;

    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();

    // All below is guarded by _gate.
    private ByteBuffer _filling = new(FirstBufferBytes);
    private ByteBuffer _draining = new(FirstBufferBytes);
    private int _drained;
    private bool _pumping;
    private long _lastProgress;
    private Socket? _socket;
    private bool _closed;

    public OutboundLink(NodeId peer, TransportOptions options, TimeProvider time, ILogger log)
    {
        Peer = peer;
        _options = options;
        _time = time;
        _log = log;
    }

    public NodeId Peer { get; }

    public long Dropped { get; private set; }

    /// <summary>Why this side cut the last connection; told to the peer with the next hello.</summary>
    public LinkVerdict LastCut { get; private set; }

    public bool Connected
    {
        get
        {
            lock (_gate)
            {
                return _socket is not null;
            }
        }
    }

    public long QueuedBytes
    {
        get
        {
            lock (_gate)
            {
                return _filling.Length + _draining.Length - _drained;
            }
        }
    }

    /// <summary>False: no connection, or the queue is full. The message is dropped.</summary>
    public bool TrySend(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            long queued = _filling.Length + _draining.Length - _drained;
            if (_socket is null || (queued > 0 && queued + message.Length > _options.MaxQueuedBytes))
            {
                Dropped++;
                return false;
            }

            FrameFormat.Write(_filling, message);
            return true;
        }
    }

    /// <summary>Hands what has gathered to the kernel. Never blocks.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_socket is null)
            {
                return;
            }

            if (_pumping)
            {
                CutIfStalled(_socket);
                return;
            }

            if (_filling.Length == 0)
            {
                return;
            }

            int sent = _socket.Send(_filling.Written, SocketFlags.None, out SocketError error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                Abort(_socket);
                return;
            }

            if (error == SocketError.Success && sent == _filling.Length)
            {
                _filling = Emptied(_filling);
                return;
            }

            _drained = error == SocketError.Success ? sent : 0;
            (_filling, _draining) = (_draining, _filling);
            _pumping = true;
            _lastProgress = _time.GetTimestamp();
            _ = PumpAsync(_socket);
        }
    }

    /// <summary>From now on messages go to this socket, whose handshake is done.</summary>
    public void Open(Socket socket)
    {
        lock (_gate)
        {
            if (_closed)
            {
                socket.Dispose();
                return;
            }

            Invariant.Assert(_socket is null);
            Reset();
            LastCut = LinkVerdict.Accepted;
            socket.Blocking = false;
            _socket = socket;
        }
    }

    /// <summary>The connection is over; what waited for it is lost. Called by the dialer, the one place that opens and closes.</summary>
    public void Close(Socket socket)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_socket, socket))
            {
                _socket = null;
                Reset();
            }

            socket.Dispose();
        }
    }

    /// <summary>Sends what the kernel takes, then closes for good.</summary>
    public void Dispose()
    {
        Flush();
        lock (_gate)
        {
            _closed = true;
            if (_socket is { } socket)
            {
                _socket = null;
                Reset();
                socket.Dispose();
            }
        }
    }

    private async Task PumpAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> rest;
                lock (_gate)
                {
                    if (!ReferenceEquals(_socket, socket) || !PrepareDrain())
                    {
                        return;
                    }

                    rest = _draining.WrittenMemory[_drained..];
                }

                int sent = await socket.SendAsync(rest, SocketFlags.None);
                lock (_gate)
                {
                    if (ReferenceEquals(_socket, socket))
                    {
                        _drained += sent;
                        _lastProgress = _time.GetTimestamp();
                    }
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Abort(socket);
        }
    }

    /// <summary>False when everything has been sent: the pump ends, and the next flush sends directly again.</summary>
    private bool PrepareDrain()
    {
        if (_drained < _draining.Length)
        {
            return true;
        }

        _draining = Emptied(_draining);
        _drained = 0;
        if (_filling.Length == 0)
        {
            _pumping = false;
            return false;
        }

        (_filling, _draining) = (_draining, _filling);
        return true;
    }

    private void CutIfStalled(Socket socket)
    {
        if (_time.GetElapsedTime(_lastProgress) < _options.StallTimeout)
        {
            return;
        }

        LastCut = LinkVerdict.TooSlow;
        _log.LogWarning(
            "Cut the connection to {Peer}: it took no byte for {Seconds} s while {Bytes} bytes waited.",
            Peer, _options.StallTimeout.TotalSeconds, _filling.Length + _draining.Length - _drained);
        Abort(socket);
    }

    /// <summary>
    /// Makes the dialer's pending receive fail, which closes and reconnects. Nothing is lost in silence: a TCP reset tells the peer too.
    /// </summary>
    private void Abort(Socket socket)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_socket, socket))
            {
                return;
            }

            _socket = null;
            Reset();
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                _log.LogTrace("Already reset: {Reason}", e.Message);
            }

            socket.Dispose();
        }
    }

    private void Reset()
    {
        // The pump of a closed socket may still hold a slice of the old buffer, so it is not used again.
        _draining = _pumping ? new ByteBuffer(FirstBufferBytes) : Emptied(_draining);
        _filling = Emptied(_filling);
        _drained = 0;
        _pumping = false;
    }

    private static ByteBuffer Emptied(ByteBuffer buffer)
    {
        if (buffer.Capacity > KeepBufferBytes)
        {
            return new ByteBuffer(FirstBufferBytes);
        }

        buffer.Clear();
        return buffer;
    }
}

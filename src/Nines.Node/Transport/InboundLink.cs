using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Loops;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Transport;

/// <summary>
/// A connection a peer sends on. A thread of its own shakes hands; then the node's event loop reads it, on the thread of the reactor that
/// wants the messages, so that no wake-up lies between. Where there is no such loop the thread stays, and blocks in the receive call.
/// </summary>
internal sealed partial class InboundLink
{
    private readonly Socket _socket;
    private readonly TcpNetwork _network;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private readonly FrameReader _reader = new(Handshake.MaxPayloadBytes);
    private volatile bool _closing;
    private int _lastWordSaid;

    public InboundLink(Socket socket, TcpNetwork network, ILogger log)
    {
        _socket = socket;
        _network = network;
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = "nines-peer-in" };
    }

    public NodeId Peer { get; private set; }

    public BootId Boot { get; private set; }

    public void Start() => _thread.Start();

    /// <summary>Says a last word, closes, and returns once nothing more will be delivered. False: a delivery hangs.</summary>
    public bool Close(LinkVerdict verdict, TimeSpan patience)
    {
        _closing = true;
        if (Interlocked.Exchange(ref _lastWordSaid, 1) == 0)
        {
            TrySay(verdict, "");
        }

        // On the loop, each time: a socket must not be closed beside a loop that reads it, and whoever calls second must not return before.
        if (_network.Loop is not EpollLoop loop)
        {
            CloseSocket();
        }
        else if (!loop.Do(CloseOnLoop))
        {
            if (!loop.HasEnded)
            {
                return false;
            }

            CloseSocket();
        }

        return Thread.CurrentThread == _thread || _thread.Join(patience);
    }

    private void Run()
    {
        bool welcomed = false;
        bool handedOver = false;
        try
        {
            try
            {
                welcomed = ShakeHands(_reader);
            }
            finally
            {
                _network.HandshakeEnded();
            }

            if (welcomed)
            {
                _reader.MaxPayloadBytes = FrameFormat.MaxPayloadBytes;
                handedOver = TryHandOver();
                if (!handedOver)
                {
                    ReceiveHere();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _log.LogDebug("Connection from {Peer} ended: {Reason}", Peer, e.Message);
        }
        finally
        {
            if (!handedOver)
            {
                CloseSocket();
                _network.InboundEnded(this, welcomed);
            }
        }
    }

    private bool ShakeHands(FrameReader reader)
    {
        long deadline = Environment.TickCount64 + (long)_network.Options.HandshakeTimeout.TotalMilliseconds;
        _socket.SendTimeout = (int)_network.Options.HandshakeTimeout.TotalMilliseconds;
        FrameResult result;
        ReadOnlyMemory<byte> payload;
        while ((result = reader.TryNext(out payload)) == FrameResult.NeedMore)
        {
            long left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            _socket.ReceiveTimeout = (int)left;
            int count = _socket.Receive(reader.Free.Span, SocketFlags.None, out SocketError error);
            if (count <= 0 || error != SocketError.Success)
            {
                return false;
            }

            reader.Received(count);
        }

        _socket.ReceiveTimeout = 0;
        if (result != FrameResult.Frame || !Handshake.TryRead(payload.Span, out Hello hello))
        {
            return Refuse(LinkVerdict.NotANode, default, "the first frame was no hello");
        }

        (LinkVerdict verdict, string detail) = _network.Judge(hello);
        if (verdict != LinkVerdict.Accepted)
        {
            return Refuse(verdict, hello.From, detail, verdict == LinkVerdict.OldBoot ? _network.LatestBoot(hello.From) : null);
        }

        Peer = hello.From;
        Boot = hello.Boot;
        if (hello.LastCut != LinkVerdict.Accepted)
        {
            _log.LogWarning("{Peer} had cut its last connection to this node: {Reason}.", Peer, hello.LastCut);
        }

        return _network.Welcome(this, hello) && TrySay(LinkVerdict.Accepted, "");
    }

    private bool Refuse(LinkVerdict verdict, NodeId from, string detail, BootId? seen = null)
    {
        _log.LogWarning(
            "Refused a connection from {Address}{Node}: {Verdict}, {Detail}.",
            _socket.RemoteEndPoint, from.IsNone ? "" : $" ({from})", verdict, detail);
        TrySay(verdict, detail, seen);
        return false;
    }

    /// <summary>Receives on this thread until the connection ends.</summary>
    private void ReceiveHere()
    {
        while (!_closing && Deliver())
        {
            int count = _socket.Receive(_reader.Free.Span, SocketFlags.None, out SocketError error);
            if (count <= 0 || error != SocketError.Success)
            {
                return;
            }

            _reader.Received(count);
        }
    }

    /// <summary>Delivers all whole frames. False: the stream is damaged, and its peer was told.</summary>
    private bool Deliver()
    {
        FrameResult result;
        while ((result = _reader.TryNext(out ReadOnlyMemory<byte> frame)) == FrameResult.Frame)
        {
            _network.Receiver.OnFrame(Peer, Boot, frame);
        }

        if (result == FrameResult.NeedMore)
        {
            return true;
        }

        _log.LogError("Cut the connection from {Peer}: {Damage}. Nothing of that frame was used.", Peer, result);
        TrySay(LinkVerdict.Damaged, result.ToString());
        return false;
    }

    private bool TrySay(LinkVerdict verdict, string detail, BootId? seen = null)
    {
        var payload = new ByteBuffer();
        TransportIdentity self = _network.Self;
        Handshake.Write(payload, new HelloAnswer(
            Handshake.ProtocolVersion, verdict, self.Cluster, self.Node, seen ?? self.Boot, self.AdminUrl, detail));
        var frame = new ByteBuffer();
        FrameFormat.Write(frame, payload.Written);
        try
        {
            // A handshake message is far below an empty send buffer, so it goes out whole or the connection is broken.
            return _socket.Send(frame.Written, SocketFlags.None, out SocketError error) == frame.Length
                && error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private void CloseSocket()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _log.LogTrace("Already closed: {Reason}", e.Message);
        }

        _socket.Dispose();
    }
}

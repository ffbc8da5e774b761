using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Hosting;
using Nines.Node.Transport;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Tests.Transport;

/// <summary>Networks on loopback, with everything they deliver, report and log.</summary>
internal sealed class Station : ITransportReceiver, ILogger, IAsyncDisposable
{
    public static readonly ClusterId Cluster = new(77);

    private readonly EventLoop _loop;
    private readonly Channel<(NodeId From, BootId Boot, byte[] Frame)> _frames = Channel.CreateUnbounded<(NodeId, BootId, byte[])>();
    private readonly Channel<NodeId> _ups = Channel.CreateUnbounded<NodeId>();
    private readonly Channel<NodeId> _downs = Channel.CreateUnbounded<NodeId>();
    private readonly Channel<(NodeId By, BootId Seen)> _disowned = Channel.CreateUnbounded<(NodeId, BootId)>();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    /// <param name="threads">Peers' connections are read by threads, as where a loop watches no descriptors.</param>
    public Station(
        int node, long boot = 1, ClusterId? cluster = null, TransportOptions? options = null, int port = 0, PeerBoots? boots = null,
        ulong nonce = 0, bool threads = false)
    {
        Id = new NodeId(node);
        _loop = threads ? new DoorbellLoop("station") : NodeLoop.New();
        _loop.Start();
        Network = new TcpNetwork(
            new TransportIdentity(cluster ?? Cluster, Id, new BootId(boot, nonce), $"http://admin-of-{node}"),
            options ?? new TransportOptions(), this, boots ?? new PeerBoots(), _loop, this, TimeProvider.System);
        Address = Network.Listen(new IPEndPoint(IPAddress.Loopback, port));
    }

    public NodeId Id { get; }

    public TcpNetwork Network { get; }

    public IPEndPoint Address { get; }

    public Action<NodeId>? Delivering { get; set; }

    public static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    public Task Dial(Station other) => Network.SetPeerAsync(other.Id, "127.0.0.1", other.Address.Port);

    public Task Dial(int node, int port) => Network.SetPeerAsync(new NodeId(node), "127.0.0.1", port);

    public async Task<NodeId> Up() => await _ups.Reader.ReadAsync(Soon);

    public async Task<NodeId> Down() => await _downs.Reader.ReadAsync(Soon);

    public async Task<(NodeId From, BootId Boot, byte[] Frame)> Frame() => await _frames.Reader.ReadAsync(Soon);

    public async Task<string> Line(string containing)
    {
        while (true)
        {
            string line = await _lines.Reader.ReadAsync(Soon);
            if (line.Contains(containing, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    public bool Say(NodeId to, ReadOnlySpan<byte> message)
    {
        bool sent = Network.Send(to, message);
        Network.FlushAll();
        return sent;
    }

    public void OnFrame(NodeId from, BootId boot, ReadOnlyMemory<byte> frame)
    {
        Delivering?.Invoke(from);
        _frames.Writer.TryWrite((from, boot, frame.ToArray()));
    }

    public void OnPeerUp(NodeId peer) => _ups.Writer.TryWrite(peer);

    public void OnPeerDown(NodeId peer) => _downs.Writer.TryWrite(peer);

    public void OnDisowned(NodeId by, BootId seen, string reason) => _disowned.Writer.TryWrite((by, seen));

    public async Task<(NodeId By, BootId Seen)> Disowned() => await _disowned.Reader.ReadAsync(Soon);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        LogLines.Enqueue(line);
        _lines.Writer.TryWrite(line);
    }

    public ConcurrentQueue<string> LogLines { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Network.DisposeAsync();
        _loop.Dispose();
    }
}

/// <summary>A hand-held connection that speaks the protocol, well or badly.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly FrameReader _reader = new();

    public RawPeer(Station to, int receiveBuffer = 0)
    {
        if (receiveBuffer > 0)
        {
            _socket.ReceiveBufferSize = receiveBuffer;
        }

        _socket.Connect(to.Address);
        _socket.ReceiveTimeout = 20_000;
    }

    public static Hello Hello(int from, int to, long boot = 1) => new(
        Handshake.ProtocolVersion, Station.Cluster, new NodeId(from), new BootId(boot), new NodeId(to), LinkVerdict.Accepted, "");

    public void SendBytes(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    public void SendFrame(ReadOnlySpan<byte> payload)
    {
        var buffer = new ByteBuffer();
        FrameFormat.Write(buffer, payload);
        _socket.Send(buffer.Written);
    }

    /// <summary>The next answer, or null at the end of the connection.</summary>
    public HelloAnswer? Answer()
    {
        while (true)
        {
            if (_reader.TryNext(out ReadOnlyMemory<byte> payload) == FrameResult.Frame)
            {
                Assert.True(Handshake.TryRead(payload.Span, out HelloAnswer answer));
                return answer;
            }

            int count;
            try
            {
                count = _socket.Receive(_reader.Free.Span);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }

            if (count == 0)
            {
                return null;
            }

            _reader.Received(count);
        }
    }

    public HelloAnswer? Greet(in Hello hello)
    {
        SendFrame(HandshakeTests.Bytes(hello));
        return Answer();
    }

    public void Dispose() => _socket.Dispose();
}

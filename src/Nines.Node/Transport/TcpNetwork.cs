using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Transport;

/// <summary>
/// The network port over TCP: one connection per direction and pair. Each node dials every peer and only sends on that
/// connection; it only receives on the connections it accepted. So a broken direction is one broken connection, and who dialed whom
/// first never matters.
/// <code>
///   dialer                                acceptor
///     | -- hello: cluster, who, boot, whom --> |   checks all four
///     | &lt;-- answer: verdict, who, boot ------- |   the dialer checks who and boot
///     | -- message, message, ... ------------> |
///     | &lt;-- last word (at most one) ----------- |
/// </code>
/// </summary>
public sealed class TcpNetwork : INetwork, IAsyncDisposable
{
    private static readonly TimeSpan ReplacePatience = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly PeerBoots _boots;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, InboundLink> _inbound = [];

    // Replaced as a whole under _gate, read without it.
    private volatile Peer[] _peers = [];
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _handshakes;

    /// <param name="loop">Reads the peers' connections when it can watch descriptors; with another or none each has a thread that does.</param>
    public TcpNetwork(
        TransportIdentity self,
        TransportOptions options,
        ITransportReceiver receiver,
        PeerBoots boots,
        EventLoop? loop,
        ILogger log,
        TimeProvider time)
    {
        Loop = loop;
        Self = self;
        Options = options;
        Receiver = receiver;
        _boots = boots;
        _log = log;
        _time = time;
    }

    public IReadOnlyList<PeerState> Peers => [.. _peers.Select(p => p.State(_boots))];

    internal EventLoop? Loop { get; }

    internal TransportIdentity Self { get; }

    internal TransportOptions Options { get; }

    internal ITransportReceiver Receiver { get; }

    /// <summary>Binds and accepts. The endpoint really bound is the result: port 0 takes a free one.</summary>
    /// <exception cref="SocketException">The address is in use or not ours.</exception>
    public IPEndPoint Listen(IPEndPoint address)
    {
        Invariant.Assert(_listener is null);
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Not ReuseAddress: on Linux .NET takes it for SO_REUSEPORT too, and two processes would share the port without a word.
            // Ports that only wait for late packets may be bound anyway.
            listener.Bind(address);
            listener.Listen();
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _listener = listener;
        _accepting = Task.Run(AcceptAsync);
        return (IPEndPoint)listener.LocalEndPoint!;
    }

    /// <summary>Starts to dial a peer, or dials it at its new address.</summary>
    public async Task SetPeerAsync(NodeId node, string host, int port)
    {
        Invariant.Assert(node != Self.Node && !node.IsNone);
        var address = new DnsEndPoint(host, port);
        Peer? old;
        lock (_gate)
        {
            old = Find(node);
            if (old is not null && old.Address.Equals(address))
            {
                return;
            }

            var link = new OutboundLink(node, Options, _time, _log);
            var dialer = new Dialer(link, address, Self, Options, _boots, Receiver, _log);
            _peers = [.. _peers.Where(p => p != old), new Peer(node, address, link, dialer)];
            dialer.Start();
        }

        await (old?.Dialer.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>Stops to dial a peer that left the cluster, and closes what it dialed.</summary>
    public async Task RemovePeerAsync(NodeId node)
    {
        Peer? old;
        InboundLink? inbound;
        lock (_gate)
        {
            old = Find(node);
            _peers = [.. _peers.Where(p => p != old)];
            _inbound.Remove(node, out inbound);
        }

        inbound?.Close(LinkVerdict.Stopping, ReplacePatience);
        await (old?.Dialer.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public bool Send(NodeId to, ReadOnlySpan<byte> message) =>
        message.Length <= FrameFormat.MaxPayloadBytes && Find(to) is { } peer && peer.Link.TrySend(message);

    /// <summary>Hands everything gathered since the last call to the kernel: one system call for each peer with something to say.</summary>
    public void FlushAll()
    {
        foreach (Peer peer in _peers)
        {
            peer.Link.Flush();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        InboundLink[] inbound;
        Peer[] peers;
        lock (_gate)
        {
            inbound = [.. _inbound.Values];
            peers = _peers;
            _peers = [];
        }

        foreach (InboundLink link in inbound)
        {
            link.Close(LinkVerdict.Stopping, ReplacePatience);
        }

        await Task.WhenAll(peers.Select(p => p.Dialer.DisposeAsync().AsTask()));
        _stop.Dispose();
    }

    internal BootId LatestBoot(NodeId node) => _boots.Highest(node);

    /// <summary>Whether a hello is welcome here; when not, with the reason in words.</summary>
    internal (LinkVerdict Verdict, string Detail) Judge(in Hello hello)
    {
        if (hello.Version != Handshake.ProtocolVersion)
        {
            return (LinkVerdict.WrongVersion, $"it speaks protocol version {hello.Version}, this node {Handshake.ProtocolVersion}");
        }

        if (hello.Cluster != Self.Cluster)
        {
            return (LinkVerdict.WrongCluster, $"it belongs to cluster {hello.Cluster}, this node to {Self.Cluster}");
        }

        if (hello.From == Self.Node)
        {
            return (LinkVerdict.SameNode, "it has this node's own id");
        }

        if (hello.To != Self.Node)
        {
            return (LinkVerdict.WrongNode, $"it wanted {hello.To}");
        }

        return _boots.TryAdvance(hello.From, hello.Boot)
            ? (LinkVerdict.Accepted, "")
            : (LinkVerdict.OldBoot, Verdicts.OldBoot(hello.From, hello.Boot, _boots.Highest(hello.From)));
    }

    /// <summary>
    /// Makes a connection the one its peer is heard on. An older one is closed first, and nothing of it is delivered any more
    /// when this returns: messages keep their order over a reconnect, and no older boot speaks after a newer one.
    /// </summary>
    internal bool Welcome(InboundLink link, in Hello hello)
    {
        while (true)
        {
            InboundLink? older;
            lock (_gate)
            {
                if (_stop.IsCancellationRequested || _boots.Highest(hello.From) != hello.Boot)
                {
                    return false;
                }

                if (!_inbound.TryGetValue(hello.From, out older))
                {
                    _inbound[hello.From] = link;
                    break;
                }
            }

            if (!older.Close(LinkVerdict.Replaced, ReplacePatience))
            {
                return false;
            }

            lock (_gate)
            {
                RemoveInbound(older);
            }
        }

        Find(hello.From)?.Dialer.Kick();
        return true;
    }

    internal void HandshakeEnded() => Interlocked.Decrement(ref _handshakes);

    internal void InboundEnded(InboundLink link, bool welcomed)
    {
        bool current;
        lock (_gate)
        {
            current = RemoveInbound(link);
        }

        if (welcomed && current && !_stop.IsCancellationRequested)
        {
            Receiver.OnPeerDown(link.Peer);
        }
    }

    private bool RemoveInbound(InboundLink link) =>
        _inbound.TryGetValue(link.Peer, out InboundLink? current) && ReferenceEquals(current, link) && _inbound.Remove(link.Peer);

    private Peer? Find(NodeId node)
    {
        foreach (Peer peer in _peers)
        {
            if (peer.Node == node)
            {
                return peer;
            }
        }

        return null;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener!.AcceptAsync(_stop.Token);
                if (Interlocked.Increment(ref _handshakes) > Options.MaxHandshakes)
                {
                    Interlocked.Decrement(ref _handshakes);
                    socket.Dispose();
                    continue;
                }

                SocketSettings.Apply(socket, Options);
                new InboundLink(socket, this, _log).Start();
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of file descriptors, or a connection reset before it was taken: the listener itself goes on.
                _log.LogWarning("Could not take a connection: {Reason}", e.Message);
                await Task.Delay(Options.MinBackoff, _time, CancellationToken.None);
            }
        }
    }

    private sealed record Peer(NodeId Node, DnsEndPoint Address, OutboundLink Link, Dialer Dialer)
    {
        public PeerState State(PeerBoots boots) => new(
            Node, Dialer.Address, Link.Connected, boots.Highest(Node), Dialer.AdminUrl,
            Link.QueuedBytes, Link.Dropped, Link.Connected ? "" : Dialer.LastError);
    }
}

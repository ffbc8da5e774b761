using Nines.Kernel;

namespace Nines.Node.Transport;

/// <summary>Every bound and waiting time of the transport, in one place.</summary>
public sealed record TransportOptions
{
    /// <summary>Bytes that may wait for one peer. Beyond it, messages to that peer are dropped. One frame always fits into an empty queue.</summary>
    public int MaxQueuedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A peer that takes no byte for this long while some wait is cut.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Connections that may be in their handshake at once; more are closed unread.</summary>
    public int MaxHandshakes { get; init; } = 64;

    /// <summary>Asked of the kernel for each connection; 0 leaves the kernel's choice.</summary>
    public int SocketBufferBytes { get; init; }
}

/// <summary>Who this node is on every connection it makes or takes.</summary>
/// <param name="AdminUrl">Where this node's admin API answers, told to every peer; empty when it has none.</param>
public sealed record TransportIdentity(ClusterId Cluster, NodeId Node, BootId Boot, string AdminUrl);

/// <summary>
/// Where the transport delivers. Calls come from the transport's threads, several at once for different peers, in order for
/// one peer; they must not block. A broken connection may be reported more than once.
/// </summary>
public interface ITransportReceiver
{
    /// <summary>One message. The memory is never overwritten and may be kept; neighbours in the same array stay alive with it.</summary>
    void OnFrame(NodeId from, BootId boot, ReadOnlyMemory<byte> frame);

    /// <summary>Messages can be sent to the peer now.</summary>
    void OnPeerUp(NodeId peer);

    /// <summary>A hint, sooner than any timeout: a connection from or to the peer broke. The peer may be well.</summary>
    void OnPeerDown(NodeId peer);

    /// <summary>A peer refuses this node because it has seen a later start of it: this data directory is an old copy. The node must stop.</summary>
    void OnDisowned(NodeId by, BootId seen, string reason);
}

/// <summary>What the transport knows of one peer, for the status page.</summary>
/// <param name="AdminUrl">As the peer said itself at its last handshake; empty before.</param>
/// <param name="LastError">Why the last attempt to connect failed, or the last connection ended; empty when connected.</param>
public sealed record PeerState(
    NodeId Node, string Address, bool Connected, BootId Boot, string AdminUrl, long QueuedBytes, long DroppedMessages, string LastError);

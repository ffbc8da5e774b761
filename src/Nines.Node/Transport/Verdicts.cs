using System.Net.Sockets;
using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Transport;

/// <summary>The peer, or this node, does not want the connection. The message says why.</summary>
internal sealed class LinkRefusedException(string message) : Exception(message);

/// <summary>Verdicts in words, for the log and the status page.</summary>
internal static class Verdicts
{
    public static string Explain(in HelloAnswer answer, TransportIdentity? self) => answer.Verdict switch
    {
        LinkVerdict.Accepted => "the peer ended the connection without a reason",
        LinkVerdict.NotANode => "the peer did not understand our hello",
        LinkVerdict.WrongVersion =>
            $"the peer speaks protocol version {answer.Version}, this node {Handshake.ProtocolVersion}; upgrade one of them",
        LinkVerdict.WrongCluster =>
            $"{answer.From} belongs to cluster {answer.Cluster}, this node to {self?.Cluster}; check cluster.id and seeds",
        LinkVerdict.WrongNode => $"{answer.From} answers there; check the node ids in seeds",
        LinkVerdict.OldBoot => $"{answer.From} refuses this node: {answer.Detail}",
        LinkVerdict.SameNode => $"{answer.From} has the same node id as this node; check node.id and seeds",
        LinkVerdict.Damaged => $"{answer.From} received a damaged frame: {answer.Detail}",
        LinkVerdict.TooSlow => $"{answer.From} found this node too slow",
        LinkVerdict.Stopping => $"{answer.From} is stopping",
        LinkVerdict.Replaced => $"{answer.From} took a newer connection of this node; do two processes share its identity?",
        _ => $"{answer.From} gave a reason this version does not know: {answer.Detail}",
    };

    public static string OldBoot(NodeId node, BootId boot, BootId highest) =>
        $"{node} says this is its start number {boot.Value}, but {(boot.Value == highest.Value ? "another start with that number" : $"number {highest.Value}")} "
        + "was seen before. Its data directory is an old "
        + "copy, or another process uses its identity. Remove the old process, or wipe the directory and add it as a new node";
}

/// <summary>What every connection between nodes is set to.</summary>
internal static class SocketSettings
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;
    private const int KeepAliveSeconds = 5;
    private const int KeepAliveProbes = 3;

    public static void Apply(Socket socket, TransportOptions options)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        if (options.SocketBufferBytes > 0)
        {
            socket.SendBufferSize = options.SocketBufferBytes;
            socket.ReceiveBufferSize = options.SocketBufferBytes;
        }

        if (OperatingSystem.IsLinux())
        {
            // Sent bytes that nobody acknowledges end the connection after the same time as bytes nobody takes (RFC 5482).
            Span<byte> milliseconds = stackalloc byte[4];
            BitConverter.TryWriteBytes(milliseconds, (int)options.StallTimeout.TotalMilliseconds);
            socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, milliseconds);
        }
    }
}

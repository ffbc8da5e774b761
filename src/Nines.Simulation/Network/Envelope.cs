using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// One message under way. The bytes are never changed after they were sent: receivers may keep slices, and duplicates and
/// replays share them. The envelope itself is pooled.
/// </summary>
public sealed class Envelope
{
    public NodeId From { get; set; }

    public NodeId To { get; set; }

    /// <summary>The sender's boot, which a connection's handshake tells the receiver.</summary>
    public BootId FromBoot { get; set; }

    /// <summary>The start of the sender's process.</summary>
    public long FromStart { get; set; }

    /// <summary>A copy from earlier times: nobody is told when it is refused.</summary>
    public bool IsReplay { get; set; }

    /// <summary>The start of the receiver the connection was made to: a restarted process has no connections of its earlier life.</summary>
    public long ToStart { get; set; }

    /// <summary>The connection's generation; a break raises the link's and so loses what was under way.</summary>
    public int Connection { get; set; }

    public byte[] Bytes { get; set; } = [];

    /// <summary>The first byte of every message says its kind.</summary>
    public byte Kind => Bytes.Length == 0 ? (byte)0 : Bytes[0];
}

/// <summary>What a rule says about a message.</summary>
public enum Verdict
{
    /// <summary>The next rule decides.</summary>
    Pass,

    /// <summary>The message goes out; later rules are not asked.</summary>
    Deliver,

    Drop,
}

/// <summary>A network fault: a small rule in an ordered chain. It may add delay before it passes a message on.</summary>
public interface INetworkRule
{
    Verdict Judge(Envelope message, long nowUs, ref long delayUs);
}

/// <summary>Where messages arrive.</summary>
public interface IMessageReceiver
{
    /// <summary>What this node remembers of its peers' boots.</summary>
    BootTable PeerBoots { get; }

    void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message);

    /// <summary>A peer refused the connection: it has seen a later boot of this node.</summary>
    void RefusedAsOld(NodeId by, BootId seen);
}

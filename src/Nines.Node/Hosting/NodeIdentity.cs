using Nines.Kernel;

namespace Nines.Node.Hosting;

/// <summary>The node may not run on this data directory. The message says why and what to do.</summary>
public sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Whose data directory this is, and how often a node has been started on it. Raised and flushed before the node says a word to
/// anybody, so that no two starts share a number: peers refuse whoever comes with a lower one than they have seen.
/// <code>
///   file identity: magic "N9ID" | version 1 | cluster 16 | node 4 | boot 8 | CRC-32C of all before
/// </code>
/// </summary>
public sealed record NodeIdentity(ClusterId Cluster, NodeId Node, BootId Boot)
{
    public const string FileName = "identity";

    private const string DraftName = "identity.new";
    private const uint Magic = 0x4449_394E;
    private const byte FormatVersion = 1;
    private const int FileBytes = 4 + 1 + 16 + 4 + 8 + 4;

    /// <summary>
    /// Checks that the directory is this node's, counts this start, and makes the count durable. A new directory begins to count at
    /// the second it is made, so that a node whose directory was wiped does not come with a number its peers have seen.
    /// </summary>
    /// <exception cref="StartRefusedException">It belongs to another cluster or node, or the file is damaged.</exception>
    public static NodeIdentity NextBoot(IDisk disk, ClusterId cluster, NodeId node, long unixSeconds)
    {
        NodeIdentity? kept = Read(disk);
        if (kept is null && disk.List("").Any(name => name != DraftName))
        {
            throw new StartRefusedException(
                $"The data directory holds files but no {FileName} file, so it is not known whose they are. "
                + "Restore the file from a copy of the same directory, or give the node an empty directory and a new node.id.");
        }

        if (kept is not null && kept.Cluster != cluster)
        {
            throw new StartRefusedException(
                $"The data directory belongs to cluster {kept.Cluster}, and this node is configured for {cluster}. "
                + "Choose another data directory, or set cluster.id to the directory's cluster.");
        }

        if (kept is not null && kept.Node != node)
        {
            throw new StartRefusedException(
                $"The data directory belongs to node {kept.Node.Value}, and this node is configured as {node.Value}. "
                + "Choose another data directory, or set node.id to the directory's node.");
        }

        var next = new NodeIdentity(cluster, node, new BootId((kept?.Boot.Value ?? Math.Max(0, unixSeconds)) + 1));
        next.Write(disk);
        return next;
    }

    /// <summary>Null: there is none. A damaged one is not taken for none: a forgotten boot number is a forgotten vote.</summary>
    public static NodeIdentity? Read(IDisk disk)
    {
        if (!disk.Exists(FileName))
        {
            return null;
        }

        byte[] bytes = new byte[FileBytes];
        using IDiskFile file = disk.Open(FileName, DiskOpen.Read);
        int count = file.Length == FileBytes ? file.Read(0, bytes) : 0;
        return TryDecode(bytes.AsSpan(0, count), out NodeIdentity? identity)
            ? identity
            : throw new StartRefusedException(
                $"The file {FileName} in the data directory is damaged. The node cannot know its boot number and might vote twice. "
                + "Restore the file from a copy, or replace the node: empty directory, new node.id.");
    }

    public byte[] Encode()
    {
        var buffer = new ByteBuffer(FileBytes);
        buffer.Fixed32(Magic);
        buffer.Byte(FormatVersion);
        buffer.Fixed64((ulong)(Cluster.Value >> 64));
        buffer.Fixed64((ulong)Cluster.Value);
        buffer.Fixed32((uint)Node.Value);
        buffer.Fixed64((ulong)Boot.Value);
        buffer.Fixed32(Crc32C.Of(buffer.Written));
        return buffer.ToArray();
    }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, out NodeIdentity? identity)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Fixed32() == Magic && reader.Byte() == FormatVersion;
        ulong high = reader.Fixed64();
        var cluster = new ClusterId(new UInt128(high, reader.Fixed64()));
        var node = new NodeId((int)reader.Fixed32());
        var boot = new BootId((long)reader.Fixed64());
        uint checksum = reader.Fixed32();
        bool good = known && reader.IsComplete && checksum == Crc32C.Of(bytes[..^4]) && node.Value > 0 && boot.Value > 0;
        identity = good ? new NodeIdentity(cluster, node, boot) : null;
        return good;
    }

    private void Write(IDisk disk)
    {
        using (IDiskFile file = disk.Open(DraftName, DiskOpen.Create))
        {
            file.Write(0, Encode());
            file.Sync();
        }

        disk.Rename(DraftName, FileName);
        disk.SyncDirectory("");
    }
}

using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>Why a data directory cannot be used as the node's.</summary>
public enum IdentityProblem
{
    /// <summary>There is data but no identity file.</summary>
    DataWithoutIdentity,

    /// <summary>Neither copy in the identity file can be read.</summary>
    Damaged,

    OtherCluster,

    OtherNode,
}

/// <summary>The data directory is refused; the message says what to do.</summary>
public sealed class IdentityException(IdentityProblem problem, string message) : Exception(message)
{
    public IdentityProblem Problem { get; } = problem;
}

/// <summary>
/// Who a data directory belongs to, and how often a node was started on it. The file holds two copies, each with a checksum, a page
/// apart. A start overwrites them one after the other, each with a sync of its own, so a crash leaves one that is whole, and a disk
/// without a free byte does not keep a node down. A new or damaged file is replaced whole (new file, sync, rename, sync of the directory).
/// </summary>
public sealed record NodeIdentity(ClusterId Cluster, NodeId Node, BootId Boot)
{
    public const string FileName = "identity";

    private const string TemporaryName = "identity.new";
    private const ulong Magic = 0x4D414953454E494E; // "NINESIAM"
    private const uint Version = 1;
    private const int RecordBytes = 64;
    private const int SecondCopyOffset = 4096;

    /// <summary>
    /// Reads the identity of a data directory without changing it. Null: the directory is new. Data without an identity is
    /// refused: a node that forgot who it is must not vote.
    /// </summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="dataDirectories">Where data would be, if there was any.</param>
    /// <exception cref="IdentityException">The directory holds data that cannot be attributed.</exception>
    public static NodeIdentity? Read(IDisk disk, IReadOnlyList<string> dataDirectories)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(dataDirectories);
        if (!disk.Exists(FileName))
        {
            foreach (string directory in dataDirectories)
            {
                if (disk.List(directory).Count > 0)
                {
                    throw new IdentityException(
                        IdentityProblem.DataWithoutIdentity,
                        $"The data directory has files in {directory} but no file '{FileName}'. Restore the file from where the "
                        + "directory came from, or empty the data directory and let the node join as a new one.");
                }
            }

            return null;
        }

        using IDiskFile file = disk.Open(FileName, DiskOpen.Read);
        return Newest(ReadCopy(file, 0), ReadCopy(file, SecondCopyOffset)) ?? throw new IdentityException(
            IdentityProblem.Damaged,
            $"Both copies in the file '{FileName}' are damaged. Restore the file, or empty the data directory and let the node join "
            + "as a new one; its replicas are rebuilt from the others.");
    }

    /// <summary>Makes a new directory this node's, durably, with boot 1.</summary>
    public static NodeIdentity Create(IDisk disk, ClusterId cluster, NodeId node)
    {
        ArgumentNullException.ThrowIfNull(disk);
        Invariant.Assert(!disk.Exists(FileName) && node.Value > 0);
        var identity = new NodeIdentity(cluster, node, new BootId(1));
        identity.Write(disk);
        return identity;
    }

    /// <summary>The same, but the next start comes after a boot that peers have seen.</summary>
    public NodeIdentity NotBefore(BootId seen) => seen.Value > Boot.Value ? this with { Boot = new BootId(seen.Value) } : this;

    /// <summary>
    /// Counts one more start, durably, before the node speaks. Null expectations are not checked: a node that joins learns its
    /// cluster from this file.
    /// </summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="cluster">The expected cluster.</param>
    /// <param name="node">The expected node.</param>
    /// <param name="nonce">Drawn for this start. Not written down: a copy of the directory must not know it.</param>
    /// <exception cref="IdentityException">It is another cluster's or another node's directory.</exception>
    public NodeIdentity Start(IDisk disk, ClusterId? cluster = null, NodeId? node = null, ulong nonce = 0)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (cluster is { } expected && expected != Cluster)
        {
            throw new IdentityException(
                IdentityProblem.OtherCluster,
                $"The data directory belongs to cluster {Cluster}, not to {expected}. Point the node at its own directory, or at the "
                + "cluster the data is from.");
        }

        if (node is { } wanted && wanted != Node)
        {
            throw new IdentityException(
                IdentityProblem.OtherNode,
                $"The data directory belongs to node {Node.Value}, not to node {wanted.Value}. Point each node at its own directory; a "
                + "copied directory cannot be a second node.");
        }

        NodeIdentity next = this with { Boot = new BootId(checked(Boot.Value + 1), nonce) };
        if (!next.TryOverwrite(disk))
        {
            next.Write(disk);
        }

        return next;
    }

    /// <summary>They differ after a crash between the two; the node had not yet spoken with the higher number, or both would have it.</summary>
    private static NodeIdentity? Newest(NodeIdentity? first, NodeIdentity? second) =>
        first is null || second is null ? first ?? second : first.Boot.Value >= second.Boot.Value ? first : second;

    private static NodeIdentity? ReadCopy(IDiskFile file, long offset)
    {
        Span<byte> bytes = stackalloc byte[RecordBytes];
        try
        {
            if (file.Read(offset, bytes) != RecordBytes)
            {
                return null;
            }
        }
        catch (DiskException e) when (e.Failure == DiskFailure.Device)
        {
            // A bad sector under one copy; the other one decides.
            return null;
        }

        var reader = new ByteReader(bytes);
        ulong magic = reader.Fixed64();
        uint version = reader.Fixed32();
        int node = (int)reader.Fixed32();
        ulong low = reader.Fixed64();
        ulong high = reader.Fixed64();
        long boot = (long)reader.Fixed64();
        bool whole = Crc32C.Of(bytes[..(RecordBytes - 4)]) == System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[(RecordBytes - 4)..]);
        return whole && magic == Magic && version == Version && node > 0 && boot > 0
            ? new NodeIdentity(new ClusterId(new UInt128(high, low)), new NodeId(node), new BootId(boot))
            : null;
    }

    /// <summary>
    /// Writes over the older copy, then over the other. False when there are not two to write over: what is damaged gets a new place,
    /// for the old one may be a bad sector.
    /// </summary>
    private bool TryOverwrite(IDisk disk)
    {
        if (!disk.Exists(FileName))
        {
            return false;
        }

        using IDiskFile file = disk.Open(FileName, DiskOpen.ReadWrite);
        if (ReadCopy(file, 0) is not { } first || ReadCopy(file, SecondCopyOffset) is not { } second)
        {
            return false;
        }

        ByteBuffer copy = Encode();
        bool secondIsOlder = second.Boot.Value < first.Boot.Value;
        foreach (long offset in (ReadOnlySpan<long>)(secondIsOlder ? [SecondCopyOffset, 0] : [0, SecondCopyOffset]))
        {
            file.Write(offset, copy.Written);
            file.Sync();
        }

        return true;
    }

    private void Write(IDisk disk)
    {
        ByteBuffer copy = Encode();
        using (IDiskFile file = disk.Open(TemporaryName, DiskOpen.Create))
        {
            file.Write(0, copy.Written);
            file.Write(SecondCopyOffset, copy.Written);
            file.Sync();
        }

        disk.Rename(TemporaryName, FileName);
        disk.SyncDirectory("");
    }

    private ByteBuffer Encode()
    {
        var copy = new ByteBuffer(RecordBytes);
        copy.Fixed64(Magic);
        copy.Fixed32(Version);
        copy.Fixed32((uint)Node.Value);
        copy.Fixed64((ulong)Cluster.Value);
        copy.Fixed64((ulong)(Cluster.Value >> 64));
        copy.Fixed64((ulong)Boot.Value);
        while (copy.Length < RecordBytes - 4)
        {
            copy.Byte(0);
        }

        copy.Fixed32(Crc32C.Of(copy.Written));
        return copy;
    }
}

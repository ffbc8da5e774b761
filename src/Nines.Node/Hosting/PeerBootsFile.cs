using Nines.Kernel;
using Nines.Node.Transport;

namespace Nines.Node.Hosting;

/// <summary>
/// Keeps the boots seen of the peers over restarts, so that an old copy of a peer's directory is recognised by nodes that were
/// restarted since. Losing the file loses that memory and nothing else, so a damaged one is read as none.
/// </summary>
public sealed class PeerBootsFile(IDisk disk)
{
    private const string FileName = "peers";
    private const string DraftName = "peers.new";
    private const int MaxFileBytes = 1 << 20;
    private readonly Lock _gate = new();

    public PeerBoots Open() => new(Read()) { Advanced = TryWrite };

    private List<KeyValuePair<NodeId, BootId>> Read()
    {
        if (!disk.Exists(FileName))
        {
            return [];
        }

        using IDiskFile file = disk.Open(FileName, DiskOpen.Read);
        byte[] bytes = new byte[Math.Min(file.Length, MaxFileBytes)];
        return Decode(bytes.AsSpan(0, file.Read(0, bytes)));
    }

    private static List<KeyValuePair<NodeId, BootId>> Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
        {
            return [];
        }

        var reader = new ByteReader(bytes);
        if (reader.Fixed32() != Crc32C.Of(bytes[4..]))
        {
            return [];
        }

        List<KeyValuePair<NodeId, BootId>> boots = [];
        for (int left = reader.Items(20); left > 0; left--)
        {
            var node = new NodeId((int)reader.Fixed32());
            long boot = (long)reader.Fixed64();
            boots.Add(new(node, new BootId(boot, reader.Fixed64())));
        }

        return reader.IsComplete ? boots : [];
    }

    /// <summary>A disk without space is no reason to cut a peer off: the next boot that rises writes all of them.</summary>
    private void TryWrite(IReadOnlyList<KeyValuePair<NodeId, BootId>> boots)
    {
        try
        {
            Write(boots);
        }
        catch (DiskException e) when (e.Failure == DiskFailure.Full)
        {
            // The memory of this process still has it.
        }
    }

    private void Write(IReadOnlyList<KeyValuePair<NodeId, BootId>> boots)
    {
        var body = new ByteBuffer();
        body.Count(boots.Count);
        foreach ((NodeId node, BootId boot) in boots)
        {
            body.Fixed32((uint)node.Value);
            body.Fixed64((ulong)boot.Value);
            body.Fixed64(boot.Nonce);
        }

        byte[] checksum = BitConverter.GetBytes(Crc32C.Of(body.Written));
        lock (_gate)
        {
            using (IDiskFile file = disk.Open(DraftName, DiskOpen.Create))
            {
                file.Write(0, checksum);
                file.Write(checksum.Length, body.Written);
                file.Sync();
            }

            disk.Rename(DraftName, FileName);
            disk.SyncDirectory("");
        }
    }
}

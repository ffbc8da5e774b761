using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// A small file that a node cannot start without, written whole and kept twice, so that one damaged place is not the end of it. It is
/// replaced at once (new file, sync, rename, sync of the directory): a crash leaves the old file or the new one.
/// Layout: two halves of equal length, each a multiple of 4096 bytes: CRC-32C of what follows, length (4 bytes), content, zeros.
/// </summary>
internal static class TwinFile
{
    /// <summary>Bit rot and bad sectors come in pages: the copies share none.</summary>
    private const int PageBytes = 4096;
    private const int HeaderBytes = 8;

    /// <summary>Far more than the largest map; a length that was not written by this class is not believed.</summary>
    private const int MaxBytes = 16 << 20;

    /// <summary>Null when there is no such file. A copy that is damaged is replaced by the other one.</summary>
    /// <exception cref="DamagedException">Both copies are damaged.</exception>
    public static byte[]? Read(IDisk disk, string name)
    {
        if (!disk.Exists(name))
        {
            return null;
        }

        byte[]? first;
        byte[]? second;
        using (IDiskFile file = disk.Open(name, DiskOpen.Read))
        {
            long half = file.Length / 2;
            first = ReadCopy(file, 0, half);
            second = ReadCopy(file, half, half);
        }

        byte[] content = first ?? second ?? throw new DamagedException(name, 0, "the checksums of both copies");
        if (first is null || second is null)
        {
            Replace(disk, name, content);
        }

        return content;
    }

    public static void Replace(IDisk disk, string name, ReadOnlySpan<byte> content)
    {
        Invariant.Assert(content.Length <= MaxBytes);
        byte[] half = new byte[(HeaderBytes + content.Length + PageBytes - 1) / PageBytes * PageBytes];
        BinaryPrimitives.WriteInt32LittleEndian(half.AsSpan(4), content.Length);
        content.CopyTo(half.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(half, Crc32C.Of(half.AsSpan(4, 4 + content.Length)));
        using (IDiskFile file = disk.Open(name + ".new", DiskOpen.Create))
        {
            file.Write(0, half);
            file.Write(half.Length, half);
            file.Sync();
        }

        disk.Rename(name + ".new", name);
        disk.SyncDirectory("");
    }

    private static byte[]? ReadCopy(IDiskFile file, long offset, long room)
    {
        if (room is < HeaderBytes or > MaxBytes + PageBytes)
        {
            return null;
        }

        byte[] bytes = new byte[room];
        try
        {
            if (file.Read(offset, bytes) != room)
            {
                return null;
            }
        }
        catch (DiskException e) when (e.Failure == DiskFailure.Device)
        {
            // A bad sector under one copy; the other one decides.
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        return length >= 0 && length <= room - HeaderBytes
            && Crc32C.Of(bytes.AsSpan(4, 4 + length)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes)
            ? bytes.AsSpan(HeaderBytes, length).ToArray()
            : null;
    }
}

using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>Where a piece of a table file lies, and the checksum it must have.</summary>
internal readonly record struct BlockHandle(long Offset, int Length, uint Checksum);

/// <summary>
/// What the manifest says of a table. Together with the handles in footer and index it makes a chain of checksums: manifest,
/// footer, index and filter, block. So a block that is whole but stands in the wrong place, or belongs to an older
/// file of the same name, is found as surely as a flipped bit.
/// </summary>
internal sealed record TableMeta
{
    /// <summary>Names the file in this directory.</summary>
    public required long Number { get; init; }

    /// <summary>
    /// The number under which the table was first written, which every checksum in it covers. A table that came with a snapshot has
    /// another number here than there, but keeps its identity.
    /// </summary>
    public required long Identity { get; init; }

    public required long Length { get; init; }

    public required long Entries { get; init; }

    public required long Tombstones { get; init; }

    public required uint FooterChecksum { get; init; }

    public required byte[] Smallest { get; init; }

    public required byte[] Largest { get; init; }

    public string Name => TableFormat.Name(Number);

    public bool Overlaps(ReadOnlySpan<byte> smallest, ReadOnlySpan<byte> largest) =>
        Smallest.AsSpan().SequenceCompareTo(largest) <= 0 && Largest.AsSpan().SequenceCompareTo(smallest) >= 0;
}

/// <summary>The layout of table files; docs/formats/store.md draws it.</summary>
internal static class TableFormat
{
    public const ulong Magic = 0x4C425453454E494E;
    public const uint FormatVersion = 1;
    public const int FooterBytes = 80;
    public const string Suffix = ".table";

    private const int NumberDigits = 12;

    public static string Name(long number) => number.ToString($"D{NumberDigits}") + Suffix;

    /// <summary>Covers the table's identity and the place as well as the bytes.</summary>
    public static uint Checksum(long identity, long offset, ReadOnlySpan<byte> bytes)
    {
        Span<byte> place = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(place, identity);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], offset);
        return Crc32C.Finish(Crc32C.Add(Crc32C.Add(Crc32C.Start, place), bytes));
    }

    /// <summary>A handle as a value of an index block.</summary>
    public static void WriteHandle(ByteBuffer output, in BlockHandle handle)
    {
        output.Count(handle.Offset);
        output.Count(handle.Length);
        output.Fixed32(handle.Checksum);
    }

    public static bool TryReadHandle(ReadOnlySpan<byte> bytes, out BlockHandle handle)
    {
        var reader = new ByteReader(bytes);
        long offset = reader.Count();
        long length = reader.Count();
        handle = new BlockHandle(offset, (int)Math.Min(length, int.MaxValue), reader.Fixed32());
        return reader.IsComplete && length <= Array.MaxLength;
    }
}

/// <summary>
/// The last bytes of a table file.
/// <code>
/// magic: u64 | version: u32 | identity: u64 | entries: u64 | tombstones: u64 |
/// filter offset: u64, length: u32, checksum: u32 | index offset: u64, length: u32, checksum: u32 | reserved: u64 |
/// checksum of the footer: u32
/// </code>
/// </summary>
internal sealed record TableFooter
{
    public required long Identity { get; init; }

    public required long Entries { get; init; }

    public required long Tombstones { get; init; }

    public required BlockHandle Filter { get; init; }

    public required BlockHandle Index { get; init; }

    public void Write(ByteBuffer output, long offset)
    {
        int start = output.Length;
        output.Fixed64(TableFormat.Magic);
        output.Fixed32(TableFormat.FormatVersion);
        output.Fixed64((ulong)Identity);
        output.Fixed64((ulong)Entries);
        output.Fixed64((ulong)Tombstones);
        WriteHandle(output, Filter);
        WriteHandle(output, Index);
        output.Fixed64(0);
        output.Fixed32(TableFormat.Checksum(Identity, offset, output.Written[start..]));
        Invariant.Assert(output.Length - start == TableFormat.FooterBytes);
    }

    /// <summary>Null when the bytes are not the footer of a file of that identity, with its parts inside the file.</summary>
    public static TableFooter? Parse(ReadOnlySpan<byte> bytes, long identity, long offset)
    {
        var reader = new ByteReader(bytes);
        bool isTable = reader.Fixed64() == TableFormat.Magic && reader.Fixed32() == TableFormat.FormatVersion;
        long written = (long)reader.Fixed64();
        long entries = (long)reader.Fixed64();
        long tombstones = (long)reader.Fixed64();
        BlockHandle filter = ReadHandle(ref reader);
        BlockHandle index = ReadHandle(ref reader);
        reader.Fixed64();
        uint checksum = reader.Fixed32();
        if (!isTable || !reader.IsComplete || written != identity
            || checksum != ChecksumOf(bytes, identity, offset)
            || !LiesBefore(filter, offset) || !LiesBefore(index, offset))
        {
            return null;
        }

        return new TableFooter
        {
            Identity = identity, Entries = entries, Tombstones = tombstones, Filter = filter, Index = index,
        };
    }

    /// <summary>
    /// The checksum that a footer ends with. The manifest holds the same value, not one over the whole footer: the CRC of bytes that
    /// end with their own CRC does not depend on the bytes.
    /// </summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> footer, long identity, long offset) =>
        TableFormat.Checksum(identity, offset, footer[..^sizeof(uint)]);

    public static bool LiesBefore(in BlockHandle handle, long end) =>
        handle.Offset >= 0 && handle.Length > 0 && handle.Offset <= end - handle.Length;

    private static void WriteHandle(ByteBuffer output, in BlockHandle handle)
    {
        output.Fixed64((ulong)handle.Offset);
        output.Fixed32((uint)handle.Length);
        output.Fixed32(handle.Checksum);
    }

    private static BlockHandle ReadHandle(ref ByteReader reader) =>
        new((long)reader.Fixed64(), (int)Math.Min(reader.Fixed32(), int.MaxValue), reader.Fixed32());
}

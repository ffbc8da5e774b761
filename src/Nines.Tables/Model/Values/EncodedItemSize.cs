using Nines.Kernel;

namespace Nines.Tables.Model.Values;

/// <summary>
/// <see cref="ItemSize"/> of an item from its encoded bytes, without building its values: a page is counted item by item. In step with
/// <see cref="ItemCodec"/>, whose layout this walks.
/// </summary>
public static class EncodedItemSize
{
    // Stored values nest no deeper than this; see ItemCodec.
    private const int DepthMax = TableLimits.NestingLevelsMax + 2;
    private const int ContainerOverhead = 3;

    /// <summary>The size in bytes; null when the bytes are no encoded item.</summary>
    public static long? Of(ReadOnlyMemory<byte> encoded)
    {
        var reader = new ByteReader(encoded);
        _ = reader.Byte();
        long size = Entries(ref reader, 1, out _);
        return reader.IsComplete ? size : null;
    }

    private static long Entries(ref ByteReader reader, int depth, out int count)
    {
        long size = 0;
        count = reader.Items(2);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            size += reader.Blob().Length + Value(ref reader, depth);
        }

        return size;
    }

    private static long Value(ref ByteReader reader, int depth)
    {
        ByteReader start = reader;
        var type = (AttributeType)reader.Byte();
        switch (type)
        {
            case AttributeType.String:
            case AttributeType.Binary:
                return reader.Blob().Length;
            case AttributeType.Boolean:
                _ = reader.Byte();
                return 1;
            case AttributeType.Null:
                return 1;
            case AttributeType.Map when depth < DepthMax:
                long entries = Entries(ref reader, depth + 1, out int count);
                return ContainerOverhead + count + entries;
            case AttributeType.List when depth < DepthMax:
                return List(ref reader, depth + 1);
            case AttributeType.StringSet:
            case AttributeType.BinarySet:
                return Blobs(ref reader);
            default:
                // Numbers need their digits counted.
                reader = start;
                return ItemSize.Of(ItemCodec.DecodeValue(ref reader));
        }
    }

    private static long List(ref ByteReader reader, int depth)
    {
        long size = ContainerOverhead;
        int count = reader.Items(1);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            size += 1 + Value(ref reader, depth);
        }

        return size;
    }

    private static long Blobs(ref ByteReader reader)
    {
        long size = 0;
        int count = reader.Items(1);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            size += reader.Blob().Length;
        }

        return size;
    }
}

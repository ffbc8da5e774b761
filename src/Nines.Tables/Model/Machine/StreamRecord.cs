using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>What happened to an item. The numbers are stored: append only.</summary>
public enum StreamEvent : byte
{
    /// <summary>INSERT: it was not there.</summary>
    Insert = 1,

    /// <summary>MODIFY: it is another now.</summary>
    Modify = 2,

    /// <summary>REMOVE: it is gone.</summary>
    Remove = 3,
}

/// <summary>
/// One change of an item in a table's stream, written in the same step as the change. A change that changes nothing has none.
/// <code>
///   version 1 | event | flags (1 by the service, 2 new image, 4 old image) | time, ms n | keys blob [| new blob] [| old blob]
/// </code>
/// </summary>
public sealed record StreamRecord(StreamEvent Event, long TimeMs, ReadOnlyMemory<byte> Keys)
{
    private const byte Version = 1;
    private const byte ByService = 1;
    private const byte HasNew = 2;
    private const byte HasOld = 4;

    /// <summary>Time to live deleted the item, not a client.</summary>
    public bool IsByService { get; init; }

    /// <summary>The encoded item after the change; empty when there is none or the view has none.</summary>
    public ReadOnlyMemory<byte> NewImage { get; init; }

    /// <summary>The encoded item before the change; empty when there is none or the view has none.</summary>
    public ReadOnlyMemory<byte> OldImage { get; init; }

    /// <summary>Appends the record.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(Version);
        to.Byte((byte)Event);
        to.Byte((byte)((IsByService ? ByService : 0) | (NewImage.IsEmpty ? 0 : HasNew) | (OldImage.IsEmpty ? 0 : HasOld)));
        to.Count(TimeMs);
        to.Blob(Keys.Span);
        if (!NewImage.IsEmpty)
        {
            to.Blob(NewImage.Span);
        }

        if (!OldImage.IsEmpty)
        {
            to.Blob(OldImage.Span);
        }
    }

    /// <summary>Reads a record to the end of the bytes; null when they are none.</summary>
    public static StreamRecord? TryDecode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == Version;
        var happened = (StreamEvent)reader.Byte();
        byte flags = reader.Byte();
        long time = reader.Count();
        ReadOnlyMemory<byte> keys = reader.BlobMemory();
        ReadOnlyMemory<byte> newImage = (flags & HasNew) != 0 ? reader.BlobMemory() : default;
        ReadOnlyMemory<byte> oldImage = (flags & HasOld) != 0 ? reader.BlobMemory() : default;
        bool isGood = known && reader.IsComplete && happened is >= StreamEvent.Insert and <= StreamEvent.Remove
            && flags <= (ByService | HasNew | HasOld);
        return !isGood ? null : new StreamRecord(happened, time, keys)
        {
            IsByService = (flags & ByService) != 0,
            NewImage = newImage,
            OldImage = oldImage,
        };
    }

    /// <summary>When a record was written, without decoding the rest; null when the bytes are none.</summary>
    public static long? TimeOf(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == Version;
        _ = reader.Byte();
        _ = reader.Byte();
        long time = reader.Count();
        return known && !reader.Failed ? time : null;
    }
}

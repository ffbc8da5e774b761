using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>Whether items of a table expire. The numbers are stored: append only.</summary>
public enum TimeToLiveStatus : byte
{
    /// <summary>ENABLING: the items that were there before are still being put into the queue of what expires.</summary>
    Enabling = 1,

    /// <summary>ENABLED.</summary>
    Enabled = 2,

    /// <summary>DISABLING: some data groups may still delete what expires.</summary>
    Disabling = 3,

    /// <summary>DISABLED.</summary>
    Disabled = 4,
}

/// <summary>
/// The time to live of a table's items.
/// <code>
///   changed at n | status | attribute text
/// </code>
/// </summary>
/// <param name="ChangedAt">The log index of the control group's command that last switched it on or off.</param>
/// <param name="Status">Whether items expire.</param>
/// <param name="Attribute">The attribute with the second at which an item expires.</param>
public readonly record struct TimeToLive(ulong ChangedAt, TimeToLiveStatus Status, string Attribute)
{
    /// <summary>Items expire, or soon will.</summary>
    public bool IsOn => Status is TimeToLiveStatus.Enabling or TimeToLiveStatus.Enabled;

    /// <summary>Somebody has to carry the change on.</summary>
    public bool IsChanging => Status is TimeToLiveStatus.Enabling or TimeToLiveStatus.Disabling;

    /// <summary>Appends it.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Varint(ChangedAt);
        to.Byte((byte)Status);
        to.Text(Attribute);
    }

    /// <summary>Reads what other fields may follow. Fails the reader when it is not what <see cref="Encode"/> writes.</summary>
    public static TimeToLive Decode(ref ByteReader reader)
    {
        var read = new TimeToLive(reader.Varint(), (TimeToLiveStatus)reader.Byte(), reader.Text());
        if (read.Status is < TimeToLiveStatus.Enabling or > TimeToLiveStatus.Disabled)
        {
            reader.Fail();
        }

        return read;
    }
}

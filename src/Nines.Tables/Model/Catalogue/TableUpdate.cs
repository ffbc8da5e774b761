using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>Capacity units of reads and writes.</summary>
public readonly record struct CapacityUnits(long Read, long Write);

/// <summary>Switches the stream on, with what its records are to show, or off when that is null.</summary>
public readonly record struct StreamChange(StreamView? View);

/// <summary>UpdateTable: what is to change of a table; null for what stays.</summary>
public sealed record TableUpdate(string Name)
{
    private const byte HasBilling = 1;
    private const byte HasThroughput = 2;
    private const byte HasClass = 4;
    private const byte HasProtection = 8;
    private const byte ProtectionOn = 16;
    private const byte HasIndexes = 64;
    private const byte HasStream = 128;

    /// <summary>The billing mode.</summary>
    public BillingMode? Billing { get; init; }

    /// <summary>The provisioned capacity.</summary>
    public CapacityUnits? Throughput { get; init; }

    /// <summary>The table class.</summary>
    public TableClass? Class { get; init; }

    /// <summary>Whether DeleteTable is refused.</summary>
    public bool? DeletionProtection { get; init; }

    /// <summary>Changes of global indexes.</summary>
    public IReadOnlyList<IndexChange> Indexes { get; init; } = [];

    /// <summary>The definitions of key attributes that came with an index to be added.</summary>
    public IReadOnlyList<KeyAttribute> Attributes { get; init; } = [];

    /// <summary>The stream.</summary>
    public StreamChange? Stream { get; init; }

    /// <summary>The data groups must learn of the change before it is whole.</summary>
    public bool Reshapes => Stream is not null;

    /// <summary>Writes the update; docs/formats/tables.md draws it.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Text(Name);
        to.Byte((byte)((Billing is null ? 0 : HasBilling) | (Throughput is null ? 0 : HasThroughput) | (Class is null ? 0 : HasClass)
            | (DeletionProtection is null ? 0 : HasProtection) | (DeletionProtection == true ? ProtectionOn : 0)
            | (Indexes.Count > 0 ? HasIndexes : 0) | (Stream is null ? 0 : HasStream)));
        if (Billing is { } billing)
        {
            to.Byte((byte)billing);
        }

        if (Throughput is { } units)
        {
            to.Count(units.Read);
            to.Count(units.Write);
        }

        if (Class is { } tableClass)
        {
            to.Byte((byte)tableClass);
        }

        if (Indexes.Count > 0)
        {
            EncodeIndexes(to);
        }

        if (Stream is { } stream)
        {
            to.Byte((byte)(stream.View ?? 0));
        }
    }

    /// <summary>Reads an update to the end of the bytes; null when they are none.</summary>
    public static TableUpdate? TryDecode(ref ByteReader reader)
    {
        string name = reader.Text();
        byte flags = reader.Byte();
        BillingMode? billing = (flags & HasBilling) != 0 ? (BillingMode)reader.Byte() : null;
        CapacityUnits? units = (flags & HasThroughput) != 0 ? new CapacityUnits(reader.Count(), reader.Count()) : null;
        TableClass? tableClass = (flags & HasClass) != 0 ? (TableClass)reader.Byte() : null;
        (KeyAttribute[] attributes, IndexChange[] indexes) = (flags & HasIndexes) != 0 ? DecodeIndexes(ref reader) : ([], []);
        StreamView? view = (flags & HasStream) != 0 ? (StreamView)reader.Byte() : null;
        bool known = view is null or <= StreamView.NewAndOldImages
            && ((flags & ProtectionOn) == 0 || (flags & HasProtection) != 0)
            && billing is null or BillingMode.Provisioned or BillingMode.PayPerRequest
            && tableClass is null or TableClass.Standard or TableClass.InfrequentAccess;
        return !known || !reader.IsComplete ? null : new TableUpdate(name)
        {
            Billing = billing,
            Throughput = units,
            Class = tableClass,
            DeletionProtection = (flags & HasProtection) != 0 ? (flags & ProtectionOn) != 0 : null,
            Indexes = indexes,
            Attributes = attributes,
            Stream = view is { } sent ? new StreamChange(sent == 0 ? null : sent) : null,
        };
    }

    private void EncodeIndexes(ByteBuffer to)
    {
        to.Count(Attributes.Count);
        foreach (KeyAttribute attribute in Attributes)
        {
            TableShape.EncodeKey(to, attribute);
        }

        to.Count(Indexes.Count);
        foreach (IndexChange change in Indexes)
        {
            change.Encode(to);
        }
    }

    private static (KeyAttribute[] Attributes, IndexChange[] Indexes) DecodeIndexes(ref ByteReader reader)
    {
        var attributes = new KeyAttribute[reader.Items(2)];
        for (int i = 0; i < attributes.Length && !reader.Failed; i++)
        {
            attributes[i] = TableShape.DecodeKey(ref reader);
        }

        var indexes = new IndexChange[reader.Items(3)];
        for (int i = 0; i < indexes.Length && !reader.Failed; i++)
        {
            indexes[i] = IndexChange.Decode(ref reader);
        }

        return (attributes, indexes);
    }
}

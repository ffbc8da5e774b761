using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>
/// The row's bytes. What every table has comes first; what only some have are sections behind it, each with its kind and length. A row
/// without sections is of version 1, as all rows were once, so that what is stored already stays valid byte for byte.
/// </summary>
public sealed partial record TableDescription
{
    private const byte PlainVersion = 1;
    private const byte SectionsVersion = 2;
    private const int KnownFlags = 7;

    /// <summary>What a section holds. The numbers are stored, in ascending order: append only.</summary>
    private enum Section : byte
    {
        Tags = 1,
        Throughput = 2,
        Billing = 3,
        Class = 4,
        Indexes = 5,
        Revision = 6,
        Streams = 7,
        TimeToLive = 8,
    }

    /// <summary>Writes the row; docs/formats/tables.md draws it.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        int sections = (Tags.Count > 0 ? 1 : 0) + (Throughput == default ? 0 : 1) + (PayPerRequestSinceMs > 0 ? 1 : 0)
            + (ClassChanges == default ? 0 : 1) + (Indexes.Count > 0 ? 1 : 0) + (Revision == LeastRevision ? 0 : 1)
            + (Streams.All.Count > 0 ? 1 : 0) + (TimeToLive is null ? 0 : 1);
        to.Byte(sections == 0 ? PlainVersion : SectionsVersion);
        to.Byte((byte)Status);
        to.Fixed64(Id);
        to.Fixed64((ulong)(Uuid >> 64));
        to.Fixed64((ulong)Uuid);
        to.Text(Name);
        TableShape.EncodeKey(to, Hash);
        to.Byte((byte)((Range is null ? 0 : 1) | (RangeDefinedFirst ? 2 : 0) | (DeletionProtection ? 4 : 0)));
        if (Range is { } range)
        {
            TableShape.EncodeKey(to, range);
        }

        to.Byte((byte)Billing);
        to.Count(ReadCapacityUnits);
        to.Count(WriteCapacityUnits);
        to.Byte((byte)Class);
        to.Count(CreatedMs);
        if (sections > 0)
        {
            EncodeSections(to, sections);
        }
    }

    /// <summary>Reads a row; null when the bytes are not one.</summary>
    public static TableDescription? TryDecode(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        TableDescription? row = TryDecode(ref reader);
        return reader.IsComplete ? row : null;
    }

    /// <summary>Reads a row that other fields follow.</summary>
    public static TableDescription? TryDecode(ref ByteReader reader)
    {
        byte version = reader.Byte();
        var status = (TableStatus)reader.Byte();
        ulong id = reader.Fixed64();
        ulong high = reader.Fixed64();
        ulong low = reader.Fixed64();
        string name = reader.Text();
        KeyAttribute hash = TableShape.DecodeKey(ref reader);
        byte flags = reader.Byte();
        KeyAttribute? range = (flags & 1) != 0 ? TableShape.DecodeKey(ref reader) : null;
        var billing = (BillingMode)reader.Byte();
        long read = reader.Count();
        long write = reader.Count();
        var tableClass = (TableClass)reader.Byte();
        long created = reader.Count();
        bool known = version is PlainVersion or SectionsVersion
            && status is >= TableStatus.Creating and <= TableStatus.Updating
            && billing is BillingMode.Provisioned or BillingMode.PayPerRequest
            && tableClass <= TableClass.InfrequentAccess
            && flags <= KnownFlags;
        if (reader.Failed || !known)
        {
            reader.Fail();
            return null;
        }

        var row = new TableDescription
        {
            Name = name,
            Id = id,
            Uuid = new UInt128(high, low),
            Hash = hash,
            Range = range,
            RangeDefinedFirst = (flags & 2) != 0,
            DeletionProtection = (flags & 4) != 0,
            Billing = billing,
            ReadCapacityUnits = read,
            WriteCapacityUnits = write,
            Class = tableClass,
            CreatedMs = created,
            Status = status,
        };
        return version == PlainVersion ? row : DecodeSections(ref reader, row);
    }

    private void EncodeSections(ByteBuffer to, int count)
    {
        to.Count(count);
        if (Tags.Count > 0)
        {
            EncodeSection(to, Section.Tags, Tags.Encode);
        }

        if (Throughput != default)
        {
            EncodeSection(to, Section.Throughput, section =>
            {
                section.Count(Throughput.LastIncreaseMs);
                section.Count(Throughput.LastDecreaseMs);
                section.Count(Throughput.DecreasesThatDay);
            });
        }

        if (PayPerRequestSinceMs > 0)
        {
            EncodeSection(to, Section.Billing, section => section.Count(PayPerRequestSinceMs));
        }

        if (ClassChanges != default)
        {
            EncodeSection(to, Section.Class, section =>
            {
                section.Count(ClassChanges.LastMs);
                section.Count(ClassChanges.BeforeMs);
            });
        }

        if (Indexes.Count > 0)
        {
            EncodeSection(to, Section.Indexes, EncodeIndexes);
        }

        if (Revision != LeastRevision)
        {
            EncodeSection(to, Section.Revision, section => section.Varint(Revision));
        }

        if (Streams.All.Count > 0)
        {
            EncodeSection(to, Section.Streams, Streams.Encode);
        }

        if (TimeToLive is { } expiry)
        {
            EncodeSection(to, Section.TimeToLive, expiry.Encode);
        }
    }

    private void EncodeIndexes(ByteBuffer to)
    {
        to.Count(Attributes.Count);
        foreach (KeyAttribute attribute in Attributes)
        {
            TableShape.EncodeKey(to, attribute);
        }

        to.Count(Indexes.Count);
        foreach (TableIndex index in Indexes)
        {
            index.Encode(to);
        }
    }

    private static TableDescription DecodeIndexes(ref ByteReader section, TableDescription row)
    {
        var attributes = new KeyAttribute[section.Items(2)];
        for (int i = 0; i < attributes.Length && !section.Failed; i++)
        {
            attributes[i] = TableShape.DecodeKey(ref section);
        }

        int count = section.Items(8);
        var indexes = new TableIndex[section.Failed ? 0 : count];
        for (int i = 0; i < indexes.Length && !section.Failed; i++)
        {
            indexes[i] = TableIndex.Decode(ref section);
        }

        if (attributes.Length == 0 || indexes.Length == 0)
        {
            section.Fail();
        }

        return section.Failed ? row : row with { Attributes = attributes, Indexes = indexes };
    }

    private static void EncodeSection(ByteBuffer to, Section kind, Action<ByteBuffer> write)
    {
        var section = new ByteBuffer(64);
        write(section);
        to.Byte((byte)kind);
        to.Blob(section.Written);
    }

    private static TableDescription? DecodeSections(ref ByteReader reader, TableDescription row)
    {
        int count = reader.Items(2);
        byte last = 0;
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            byte kind = reader.Byte();
            var section = new ByteReader(reader.Blob());
            row = DecodeSection((Section)kind, ref section, row);
            if (!section.IsComplete || kind <= last)
            {
                reader.Fail();
            }

            last = kind;
        }

        return reader.Failed ? null : row;
    }

    private static TableDescription DecodeSection(Section kind, ref ByteReader section, TableDescription row)
    {
        switch (kind)
        {
            case Section.Tags:
                return row with { Tags = TableTags.Decode(ref section) };
            case Section.Throughput:
                return row with { Throughput = new ThroughputHistory(section.Count(), section.Count(), section.Count()) };
            case Section.Billing:
                return row with { PayPerRequestSinceMs = section.Count() };
            case Section.Class:
                return row with { ClassChanges = new ClassHistory(section.Count(), section.Count()) };
            case Section.Indexes:
                return DecodeIndexes(ref section, row);
            case Section.Revision:
                return row with { Revision = section.Varint() };
            case Section.Streams:
                return row with { Streams = TableStreams.Decode(ref section) };
            case Section.TimeToLive:
                return row with { TimeToLive = Catalogue.TimeToLive.Decode(ref section) };
            default:
                section.Fail();
                return row;
        }
    }
}

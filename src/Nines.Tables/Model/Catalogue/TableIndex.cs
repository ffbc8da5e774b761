using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>The life of a global index. The numbers are stored: append only.</summary>
public enum IndexStatus : byte
{
    /// <summary>Writes keep it already; what was there before is being filled in. Not to be read yet.</summary>
    Creating = 1,

    /// <summary>Holds all that it should. Local indexes always do.</summary>
    Active = 2,

    /// <summary>No longer kept; its entries are being deleted.</summary>
    Deleting = 3,

    /// <summary>Only in the answer to an UpdateTable: its capacity was changed, and the answer shows what was before. Never stored.</summary>
    Updating = 4,
}

/// <summary>A secondary index in the catalogue: what writes must know, and what only people and tools ask for.</summary>
public sealed record TableIndex(IndexShape Shape)
{
    /// <summary>DynamoDB's limit on the local indexes of a table.</summary>
    public const int LocalMax = 5;

    /// <summary>DynamoDB's limit on the global indexes of a table.</summary>
    public const int GlobalMax = 20;

    /// <summary>DynamoDB's limit on the attributes that all indexes of a table name in INCLUDE.</summary>
    public const int IncludedMax = 100;

    /// <summary>Where in its life the index is.</summary>
    public IndexStatus Status { get; init; } = IndexStatus.Creating;

    /// <summary>The provisioned capacity of a global index; zero when paid per request.</summary>
    public CapacityUnits Units { get; init; }

    /// <summary>When the provisioned capacity was changed.</summary>
    public ThroughputHistory Throughput { get; init; }

    /// <summary>Somebody has to carry it on.</summary>
    public bool IsPending => Status is IndexStatus.Creating or IndexStatus.Deleting;

    /// <summary>Appends the index; docs/formats/tables.md draws it.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        Shape.Encode(to);
        to.Byte((byte)Status);
        to.Count(Units.Read);
        to.Count(Units.Write);
        to.Count(Throughput.LastIncreaseMs);
        to.Count(Throughput.LastDecreaseMs);
        to.Count(Throughput.DecreasesThatDay);
    }

    /// <summary>Reads an index that other fields follow; the reader fails when the bytes are none.</summary>
    public static TableIndex Decode(ref ByteReader reader)
    {
        var shape = IndexShape.Decode(ref reader);
        var status = (IndexStatus)reader.Byte();
        if (status is < IndexStatus.Creating or > IndexStatus.Updating)
        {
            reader.Fail();
        }

        return new TableIndex(shape)
        {
            Status = status,
            Units = new CapacityUnits(reader.Count(), reader.Count()),
            Throughput = new ThroughputHistory(reader.Count(), reader.Count(), reader.Count()),
        };
    }
}

using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Catalogue;

/// <summary>The life of a table. The numbers are stored: append only.</summary>
public enum TableStatus : byte
{
    /// <summary>In the catalogue, not yet registered in every data group. Takes no items.</summary>
    Creating = 1,

    /// <summary>Registered everywhere.</summary>
    Active = 2,

    /// <summary>Being dropped, group by group. Takes no items.</summary>
    Deleting = 3,

    /// <summary>
    /// A change that the data groups must know is on its way to them; items are read and written. Also in the answer to an UpdateTable
    /// whose change is done already, which shows what was before.
    /// </summary>
    Updating = 4,
}

/// <summary>How reads and writes are paid for. Kept and returned; nothing is throttled by it.</summary>
public enum BillingMode : byte
{
    /// <summary>With stated capacity units.</summary>
    Provisioned = 1,

    /// <summary>On demand.</summary>
    PayPerRequest = 2,
}

/// <summary>The table class, kept and returned.</summary>
public enum TableClass : byte
{
    /// <summary>None was asked for.</summary>
    Unset = 0,

    /// <summary>STANDARD.</summary>
    Standard = 1,

    /// <summary>STANDARD_INFREQUENT_ACCESS.</summary>
    InfrequentAccess = 2,
}

/// <summary>One attribute that a key is made of: S, N or B.</summary>
public readonly record struct KeyAttribute(string Name, AttributeType Type);

/// <summary>What an item operation must know of a table. Its keys never change during the life of a table id; the rest of its shape may.</summary>
public sealed record TableSchema(ulong Id, string Name, KeyAttribute Hash, KeyAttribute? Range)
{
    /// <summary>What the data groups are told of the table.</summary>
    public TableShape Shape { get => field ?? new TableShape(Id, Hash, Range); init; }

    /// <summary>The names of the indexes that cannot be read yet.</summary>
    public IReadOnlyList<string> Backfilling { get; init; } = [];
}

/// <summary>
/// A row of the table catalogue. <see cref="Id"/> is the log index of the command that created the table in the control group, so no
/// two tables ever share one, also not two of the same name.
/// </summary>
public sealed partial record TableDescription
{
    /// <summary>The limit on tables of one cluster, DynamoDB's own for one account.</summary>
    public const int MaxTables = 2500;

    /// <summary>The table's name.</summary>
    public required string Name { get; init; }

    /// <summary>Identifies the table in the data groups; see the type's remarks.</summary>
    public ulong Id { get; init; }

    /// <summary>The identity shown to clients (TableId), drawn by the door that received CreateTable.</summary>
    public UInt128 Uuid { get; init; }

    /// <summary>The partition key.</summary>
    public required KeyAttribute Hash { get; init; }

    /// <summary>The sort key, if there is one.</summary>
    public KeyAttribute? Range { get; init; }

    /// <summary>True when AttributeDefinitions named the sort key before the partition key; they are returned as given.</summary>
    public bool RangeDefinedFirst { get; init; }

    /// <summary>The billing mode.</summary>
    public BillingMode Billing { get; init; } = BillingMode.Provisioned;

    /// <summary>When an update last made the table paid per request; zero when none did.</summary>
    public long PayPerRequestSinceMs { get; init; }

    /// <summary>When the table last became paid per request, be it as it was created.</summary>
    public long LastPayPerRequestMs => PayPerRequestSinceMs > 0 ? PayPerRequestSinceMs : CreatedMs;

    /// <summary>Zero when paid per request.</summary>
    public long ReadCapacityUnits { get; init; }

    /// <summary>Zero when paid per request.</summary>
    public long WriteCapacityUnits { get; init; }

    /// <summary>When the provisioned capacity was changed.</summary>
    public ThroughputHistory Throughput { get; init; }

    /// <summary>DeleteTable is refused while this is on.</summary>
    public bool DeletionProtection { get; init; }

    /// <summary>The table class.</summary>
    public TableClass Class { get; init; }

    /// <summary>When the table class was changed.</summary>
    public ClassHistory ClassChanges { get; init; }

    /// <summary>Milliseconds since 1970, agreed through the log.</summary>
    public long CreatedMs { get; init; }

    /// <summary>The tags.</summary>
    public TableTags Tags { get; init; } = TableTags.None;

    /// <summary>The streams of the last 24 hours.</summary>
    public TableStreams Streams { get; init; } = TableStreams.None;

    /// <summary>When items expire; null when that was never switched on.</summary>
    public TimeToLive? TimeToLive { get; init; }

    /// <summary>Where in its life the table is.</summary>
    public TableStatus Status { get; init; } = TableStatus.Creating;

    /// <summary>The secondary indexes, local ones first, in the order they were given.</summary>
    public IReadOnlyList<TableIndex> Indexes { get; init; } = [];

    /// <summary>The definitions of all key attributes, those of indexes too, in the order they were given.</summary>
    public IReadOnlyList<KeyAttribute> Attributes
    {
        get => field.Count > 0 ? field : Range is not { } range ? [Hash] : RangeDefinedFirst ? [range, Hash] : [Hash, range];
        init;
    } = [];

    /// <summary>The log index of the last change that the data groups are told of; at first that of the table's creation.</summary>
    public ulong Revision { get => Math.Max(field, LeastRevision); init; }

    /// <summary>What the revision is at least, by what else the row says.</summary>
    private ulong LeastRevision => Math.Max(Id, Math.Max(Streams.ChangedAt, TimeToLive?.ChangedAt ?? 0));

    /// <summary>Items may be read and written.</summary>
    public bool TakesItems => Status is TableStatus.Active or TableStatus.Updating;

    /// <summary>Somebody has to carry the table, or one of its indexes, on.</summary>
    public bool IsPending => Status != TableStatus.Active || TimeToLive is { IsChanging: true } || HasPendingIndex;

    /// <summary>An index comes or goes.</summary>
    public bool HasPendingIndex => Indexes.Any(static i => i.IsPending);

    /// <summary>What the data groups are told. An index that is going is no longer kept by writes.</summary>
    public TableShape Shape => new(Revision, Hash, Range)
    {
        Indexes = [.. Indexes.Where(static i => i.Status != IndexStatus.Deleting).Select(static i => i.Shape)],
        Stream = Streams.Current is { } stream ? new StreamShape(stream.Id, stream.View) : null,
        ExpiryAttribute = TimeToLive is { IsOn: true } expiry ? expiry.Attribute : null,
    };

    /// <summary>What item operations need.</summary>
    public TableSchema Schema => new(Id, Name, Hash, Range)
    {
        Shape = Shape,
        Backfilling = [.. Indexes.Where(static i => i.Status == IndexStatus.Creating).Select(static i => i.Shape.Name)],
    };

    /// <summary>The table as it is to be shown at a time: what was counted on an earlier day no longer counts.</summary>
    public TableDescription At(long timeMs) => this with
    {
        Throughput = Throughput.At(timeMs),
        Indexes = Indexes.Count == 0 ? Indexes : [.. Indexes.Select(i => i with { Throughput = i.Throughput.At(timeMs) })],
    };
}

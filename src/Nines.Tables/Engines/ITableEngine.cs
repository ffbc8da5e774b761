using System.Globalization;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables.Engines;

/// <summary>
/// What the tables door needs of whatever keeps the tables. Requests have passed every check that needs no table.
/// <list type="bullet">
/// <item>Each call ends within its <see cref="TableCall.Timeout"/> and says what became of it (<see cref="Certificate.Outcome"/>).</item>
/// <item>A write that carries an invocation id is done once over all its sends, and each send gets the first answer.</item>
/// <item>An error of the rules (a failed condition, an unknown table) has the outcome NotDone: nothing was changed.</item>
/// <item>All members may be called from any thread.</item>
/// </list>
/// </summary>
public interface ITableEngine : IStreamEngine
{
    /// <summary>PutItem, GetItem, DeleteItem, UpdateItem.</summary>
    ValueTask<ItemResult> ItemAsync(ItemRequest request, TableCall call);

    /// <summary>BatchGetItem.</summary>
    ValueTask<BatchGetResult> BatchGetAsync(BatchGetRequest request, TableCall call);

    /// <summary>BatchWriteItem: every write on its own.</summary>
    ValueTask<BatchWriteResult> BatchWriteAsync(BatchWriteRequest request, TableCall call);

    /// <summary>Query: one page of the items of a partition.</summary>
    ValueTask<PageResult> QueryAsync(QueryRequest request, TableCall call);

    /// <summary>Scan: one page of all items, or of those of a segment.</summary>
    ValueTask<PageResult> ScanAsync(ScanRequest request, TableCall call);

    /// <summary>TransactWriteItems: all of it or nothing, at one moment.</summary>
    ValueTask<TransactWriteResult> TransactWriteAsync(TransactWriteRequest request, TableCall call);

    /// <summary>TransactGetItems: items as they were at one moment.</summary>
    ValueTask<TransactGetResult> TransactGetAsync(TransactGetRequest request, TableCall call);

    /// <summary>
    /// The keys of a table, for requests that must be known by them before they are one of the others. May be old: the operation itself finds
    /// out.
    /// </summary>
    ValueTask<SchemaResult> SchemaAsync(string tableName, TableCall call);

    /// <summary>CreateTable: answered while the table is CREATING.</summary>
    ValueTask<TableResult> CreateTableAsync(TableDescription wanted, TableCall call);

    /// <summary>DescribeTable.</summary>
    ValueTask<TableResult> DescribeTableAsync(string name, TableCall call);

    /// <summary>DeleteTable: answered while the table is DELETING.</summary>
    ValueTask<TableResult> DeleteTableAsync(string name, TableCall call);

    /// <summary>UpdateTable: done when answered, though the answer may say UPDATING; a change of the stream goes on until the table is ACTIVE.</summary>
    ValueTask<TableResult> UpdateTableAsync(TableUpdate update, TableCall call);

    /// <summary>UpdateTimeToLive: answered while the change goes on.</summary>
    ValueTask<TableResult> UpdateTimeToLiveAsync(TimeToLiveRequest request, TableCall call);

    /// <summary>TagResource and UntagResource.</summary>
    ValueTask<TableResult> ChangeTagsAsync(TagRequest request, TableCall call);

    /// <summary>ListTables.</summary>
    ValueTask<TableListResult> ListTablesAsync(ListTablesRequest request, TableCall call);
}

/// <summary>What a request says beside its body. Belongs to one request.</summary>
public sealed class TableCall
{
    /// <summary>How long the call may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>What reads must see at least; null: what the request says.</summary>
    public Consistency? Consistency { get; init; }

    /// <summary>What a read must see: what the call says, and everything when the request's ConsistentRead says so.</summary>
    public Consistency ReadLevel(bool isConsistentRead) =>
        isConsistentRead ? Kernel.Consistency.Strong : Consistency ?? Kernel.Consistency.Eventual;

    /// <summary>The session, which every answer is added to; null when the client keeps none.</summary>
    public SessionToken? Session { get; init; }

    /// <summary>The id all sends of one SDK call share; zero when there is none.</summary>
    public UInt128 InvocationId { get; init; }

    /// <summary>The call of one of several parts that are carried out each on its own, and may be the same as another.</summary>
    public TableCall Part(int index) => new()
    {
        Timeout = Timeout,
        Consistency = Consistency,
        Session = Session,
        InvocationId = RequestIds.Of(InvocationId, 0, index.ToString(CultureInfo.InvariantCulture)).Value,
    };
}

/// <summary>What became of a call and where in the group's order: everything that goes into the <c>x-nines-</c> headers.</summary>
public readonly record struct Certificate(
    Outcome Outcome, Reason Reason, GroupId? Group, Term Term, LogIndex Position, long StalenessMs, int RetryAfterMs)
{
    /// <summary>Refused before anybody was asked.</summary>
    public static readonly Certificate Refused = new(Outcome.NotDone, Reason.None, null, Term.Zero, LogIndex.Zero, -1, 0);

    /// <summary>Done, at no single place.</summary>
    public static readonly Certificate Done = new(Outcome.Done, Reason.None, null, Term.Zero, LogIndex.Zero, -1, 0);

    /// <summary>Of a group's answer.</summary>
    public static Certificate Of(in Answer answer) =>
        new(answer.Outcome, answer.Reason, answer.Group, answer.Term, answer.Position, answer.StalenessMs, answer.RetryAfterMs);
}

/// <summary>The answer to an operation on one item.</summary>
public readonly record struct ItemResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The encoded item to return; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Item { get; init; }

    /// <summary>The capacity consumed in the table; zero when not asked for.</summary>
    public decimal CapacityUnits { get; init; }

    /// <summary>The capacity consumed in indexes.</summary>
    public IReadOnlyList<IndexUnits> IndexUnits { get; init; } = [];
}

/// <summary>The answer of Query and Scan.</summary>
public readonly record struct PageResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The encoded items to return.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Items { get; init; } = [];

    /// <summary>What was looked at and what of it is returned.</summary>
    public PageTotals Totals { get; init; }

    /// <summary>The key behind which the next page begins; null: there is none.</summary>
    public Item? LastKey { get; init; }

    /// <summary>The capacity consumed in the table.</summary>
    public decimal CapacityUnits { get; init; }

    /// <summary>The capacity consumed in the index.</summary>
    public IReadOnlyList<IndexUnits> IndexUnits { get; init; } = [];
}

/// <summary>The answer to what the keys of a table are.</summary>
public readonly record struct SchemaResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The keys; null when there is an error.</summary>
    public TableSchema? Schema { get; init; }
}

/// <summary>The answer of an operation on a table.</summary>
public readonly record struct TableResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The table as it is now.</summary>
    public TableDescription? Table { get; init; }
}

/// <summary>The answer of ListTables.</summary>
public readonly record struct TableListResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The names of the page.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>More names follow.</summary>
    public bool More { get; init; }
}

/// <summary>The answer of BatchGetItem. Lists have one entry for each table of the request, in its order.</summary>
public readonly record struct BatchGetResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The encoded items that were found.</summary>
    public IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> Found { get; init; } = [];

    /// <summary>The keys that were not read, to be asked for again.</summary>
    public IReadOnlyList<IReadOnlyList<Item>> Unprocessed { get; init; } = [];

    /// <summary>The consumed capacity.</summary>
    public IReadOnlyList<decimal> CapacityUnits { get; init; } = [];
}

/// <summary>The answer of BatchWriteItem.</summary>
public readonly record struct BatchWriteResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The writes that were not done and never will be by this request.</summary>
    public IReadOnlyList<BatchWrite> Unprocessed { get; init; } = [];

    /// <summary>The capacity consumed by table, in the order of the request.</summary>
    public IReadOnlyList<TableUnits> CapacityUnits { get; init; } = [];
}

/// <summary>The answer of TransactWriteItems.</summary>
public readonly record struct TransactWriteResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The consumed capacity by table, in the order of the request; empty when not asked for.</summary>
    public IReadOnlyList<TableUnits> CapacityUnits { get; init; } = [];
}

/// <summary>The answer of TransactGetItems.</summary>
public readonly record struct TransactGetResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The encoded items in the order of the request; empty where there is none.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Items { get; init; } = [];

    /// <summary>The consumed capacity by table, in the order of the request; empty when not asked for.</summary>
    public IReadOnlyList<TableUnits> CapacityUnits { get; init; } = [];
}

using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Machine;

/// <summary>The commands of the tables machine. The numbers are in the log: append only.</summary>
public enum TableCommandKind : byte
{
    /// <summary>Control group: a new row, CREATING.</summary>
    CreateTable = 1,

    /// <summary>Control group: CREATING becomes ACTIVE, once every data group has the registration.</summary>
    ActivateTable = 2,

    /// <summary>Control group: ACTIVE becomes DELETING.</summary>
    DeleteTable = 3,

    /// <summary>Control group: removes a DELETING row, once every data group has dropped the table.</summary>
    ForgetTable = 4,

    /// <summary>Control group: sets and removes tags of an ACTIVE table.</summary>
    ChangeTags = 5,

    /// <summary>Control group: changes an ACTIVE table.</summary>
    UpdateTable = 6,

    /// <summary>Data group: from now on takes items of the table.</summary>
    RegisterTable = 16,

    /// <summary>Data group: takes no more items and deletes a bounded number of those there are.</summary>
    DropTable = 17,

    /// <summary>Data group: takes changes of another group's items into the entries of global indexes.</summary>
    ApplyIndexEdits = 19,

    /// <summary>Data group: forgets changes that every other group has taken in.</summary>
    TrimOutbox = 20,

    /// <summary>Data group: makes the entries of an index that was added, for a bounded number of items.</summary>
    BackfillIndex = 21,

    /// <summary>Data group: deletes a bounded number of entries of an index that is going.</summary>
    ClearIndex = 22,

    /// <summary>Control group: an index is filled, or its entries are deleted, in every data group.</summary>
    SettleIndex = 23,

    /// <summary>Control group: UPDATING becomes ACTIVE and DISABLING becomes DISABLED, once every data group has the table's shape.</summary>
    SettleTable = 26,

    /// <summary>Control group: ENABLING becomes ENABLED, once the items of every data group are in the queue of what expires.</summary>
    FinishTimeToLive = 27,

    /// <summary>Control group: switches time to live of an ACTIVE table on or off.</summary>
    UpdateTimeToLive = 28,

    /// <summary>Data group: puts a bounded number of items that were there before into the queue of what expires.</summary>
    FillExpiry = 29,

    /// <summary>Data group: deletes a bounded number of items whose time has come.</summary>
    ExpireItems = 30,

    /// <summary>Data group: writes an item.</summary>
    PutItem = 32,

    /// <summary>Data group: deletes an item.</summary>
    DeleteItem = 33,

    /// <summary>Data group: changes an item.</summary>
    UpdateItem = 34,

    /// <summary>Only in transactions: a condition on an item that is not changed.</summary>
    CheckItem = 35,

    /// <summary>Data group: a transaction all of whose items are here.</summary>
    Transact = 40,

    /// <summary>Data group: checks and locks the items of a transaction that are here.</summary>
    PrepareTransaction = 41,

    /// <summary>Data group of the token's slot: the transaction is done.</summary>
    DecideTransaction = 42,

    /// <summary>Data group: what was decided about a part that is prepared here.</summary>
    EndTransaction = 43,

    /// <summary>Data group of the token's slot: the attempt is given up unless it is decided.</summary>
    ResolveTransaction = 44,

    /// <summary>Data group of the token's slot: all groups were told.</summary>
    FinishTransactions = 45,
}

/// <summary>The queries of the tables machine. Sent between nodes: append only.</summary>
public enum TableQueryKind : byte
{
    /// <summary>Control group: one row by name.</summary>
    DescribeTable = 1,

    /// <summary>Control group: names in order.</summary>
    ListTables = 2,

    /// <summary>Control group: rows that are not ACTIVE.</summary>
    PendingTables = 3,

    /// <summary>Data group: one item.</summary>
    GetItem = 32,

    /// <summary>Data group: a page of the items in a range of keys.</summary>
    ReadPage = 33,

    /// <summary>Data group: the changes that are to be sent to other groups.</summary>
    ReadOutbox = 34,

    /// <summary>Data group: what it knows of a table.</summary>
    ReadShape = 35,

    /// <summary>Data group: records of a stream from a place on.</summary>
    ReadStream = 36,

    /// <summary>Data group: how many entries of the queue of what expires are due.</summary>
    DueItems = 37,

    /// <summary>Control group: streams in the order of tables and labels.</summary>
    ListStreams = 38,

    /// <summary>Data group: which records of a stream there are, and whether more will come.</summary>
    StreamShard = 39,

    /// <summary>Data group: several items at one moment.</summary>
    ReadTransaction = 40,

    /// <summary>Data group: whether items were changed since a position.</summary>
    UnchangedItems = 41,

    /// <summary>Data group: what was decided about a token.</summary>
    TransactionDecision = 42,

    /// <summary>Data group: what is prepared here, and what was decided and not told to all.</summary>
    OpenTransactions = 43,
}

/// <summary>What a write wants besides being done.</summary>
[Flags]
public enum ItemFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A condition follows; the write happens only when it is true.</summary>
    Condition = 1,

    /// <summary>The item as it was, when the condition is false.</summary>
    ReturnItemOnFailure = 2,

    /// <summary>The sizes of the item before and after, for consumed capacity.</summary>
    Measure = 4,

    /// <summary>Reads: a projection follows.</summary>
    Projection = 8,

    /// <summary>UpdateItem: an update follows the condition; without one the item is only made to exist.</summary>
    Update = 16,

    /// <summary>Reads: an item that a transaction holds is not shown, and the answer says who holds it.</summary>
    AwaitLocks = 32,
}

/// <summary>Which attributes a write returns. The numbers are in the log: append only.</summary>
public enum ReturnValues : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The item as it was.</summary>
    AllOld = 1,

    /// <summary>The updated attributes as they were.</summary>
    UpdatedOld = 2,

    /// <summary>The item as it is now.</summary>
    AllNew = 3,

    /// <summary>The updated attributes as they are now.</summary>
    UpdatedNew = 4,
}

/// <summary>
/// Writes commands and queries. Each begins with a format version and its kind; docs/formats/tables.md draws them.
/// The buffer is the caller's; nothing is cleared here.
/// </summary>
public static class TableCommand
{
    /// <summary>The first byte of every command and query.</summary>
    public const byte Version = 1;

    /// <summary>How many items one DropTable command deletes at most.</summary>
    public const int DropItemsMax = 256;

    /// <summary>How many entries one TrimOutbox command deletes at most, and one page of an outbox has.</summary>
    public const int TrimEntriesMax = 1024;

    /// <summary>The control group makes the table; id, status and time of the description are its to give.</summary>
    public static void CreateTable(ByteBuffer to, TableDescription wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        Begin(to, (byte)TableCommandKind.CreateTable);
        wanted.Encode(to);
    }

    /// <summary>Every data group has the registration.</summary>
    public static void ActivateTable(ByteBuffer to, string name, ulong tableId) =>
        Row(to, TableCommandKind.ActivateTable, name, tableId);

    /// <summary>A client asked for the table to go.</summary>
    public static void DeleteTable(ByteBuffer to, string name)
    {
        Begin(to, (byte)TableCommandKind.DeleteTable);
        to.Text(name);
    }

    /// <summary>Every data group has dropped the table.</summary>
    public static void ForgetTable(ByteBuffer to, string name, ulong tableId) =>
        Row(to, TableCommandKind.ForgetTable, name, tableId);

    /// <summary>Tags of the table are set, and others removed.</summary>
    public static void ChangeTags(ByteBuffer to, string name, TableTags set, IReadOnlyList<string> removed)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(removed);
        Begin(to, (byte)TableCommandKind.ChangeTags);
        to.Text(name);
        set.Encode(to);
        to.Count(removed.Count);
        foreach (string key in removed)
        {
            to.Text(key);
        }
    }

    /// <summary>A client asked for changes of the table.</summary>
    public static void UpdateTable(ByteBuffer to, TableUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        Begin(to, (byte)TableCommandKind.UpdateTable);
        update.Encode(to);
    }

    /// <summary>The data group shall take items of the table.</summary>
    public static void RegisterTable(ByteBuffer to, TableSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        Begin(to, (byte)TableCommandKind.RegisterTable);
        to.Fixed64(schema.Id);
        schema.Shape.Encode(to);
    }

    /// <summary>The data group shall delete the next items of the table.</summary>
    public static void DropTable(ByteBuffer to, ulong tableId)
    {
        Begin(to, (byte)TableCommandKind.DropTable);
        to.Fixed64(tableId);
    }

    /// <summary>The data group shall be told of a table what another one knows.</summary>
    public static void RegisterTable(ByteBuffer to, ulong tableId, TableShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Begin(to, (byte)TableCommandKind.RegisterTable);
        to.Fixed64(tableId);
        shape.Encode(to);
    }

    /// <summary>Every other group has taken in the changes up to a number.</summary>
    public static void TrimOutbox(ByteBuffer to, OutboxNumber upTo)
    {
        Begin(to, (byte)TableCommandKind.TrimOutbox);
        upTo.Write(to);
    }

    /// <summary>The data group shall make the entries of an index for the next items.</summary>
    public static void BackfillIndex(ByteBuffer to, ulong tableId, ulong indexId)
    {
        Begin(to, (byte)TableCommandKind.BackfillIndex);
        to.Fixed64(tableId);
        to.Varint(indexId);
    }

    /// <summary>The data group shall delete the next entries of an index.</summary>
    public static void ClearIndex(ByteBuffer to, ulong tableId, ulong indexId)
    {
        Begin(to, (byte)TableCommandKind.ClearIndex);
        to.Fixed64(tableId);
        to.Varint(indexId);
    }

    /// <summary>An index is filled, or its entries are deleted, everywhere.</summary>
    public static void SettleIndex(ByteBuffer to, string name, ulong tableId, ulong indexId, bool isRemoval)
    {
        Row(to, TableCommandKind.SettleIndex, name, tableId);
        to.Varint(indexId);
        to.Byte(isRemoval ? (byte)1 : (byte)0);
    }

    /// <summary>The changes that wait behind a number, at least one when there is one.</summary>
    public static void ReadOutbox(ByteBuffer to, OutboxNumber after, int bytesMax)
    {
        Begin(to, (byte)TableQueryKind.ReadOutbox);
        after.Write(to);
        to.Count(bytesMax);
    }

    /// <summary>What the data group knows of a table.</summary>
    public static void ReadShape(ByteBuffer to, ulong tableId)
    {
        Begin(to, (byte)TableQueryKind.ReadShape);
        to.Fixed64(tableId);
    }

    /// <summary>Begins a write of an item; what the kind needs follows (condition, update, the encoded item).</summary>
    public static void BeginItem(
        ByteBuffer to, TableCommandKind kind, ulong tableId, ItemKey key, ItemFlags flags, ReturnValues returns)
    {
        Begin(to, (byte)kind);
        to.Fixed64(tableId);
        to.Byte((byte)flags);
        to.Byte((byte)returns);
        key.Write(to);
    }

    /// <summary>Begins the read of an item; the projection follows when the flags say so.</summary>
    public static void GetItem(ByteBuffer to, ulong tableId, ItemKey key, ItemFlags flags)
    {
        Begin(to, (byte)TableQueryKind.GetItem);
        to.Fixed64(tableId);
        to.Byte((byte)flags);
        key.Write(to);
    }

    /// <summary>One catalogue row.</summary>
    public static void DescribeTable(ByteBuffer to, string name)
    {
        Begin(to, (byte)TableQueryKind.DescribeTable);
        to.Text(name);
    }

    /// <summary>The names behind one, at most <paramref name="limit"/>.</summary>
    public static void ListTables(ByteBuffer to, string after, int limit)
    {
        Begin(to, (byte)TableQueryKind.ListTables);
        to.Text(after);
        to.Count(limit);
    }

    /// <summary>The rows that wait for somebody to carry them on.</summary>
    public static void PendingTables(ByteBuffer to) => Begin(to, (byte)TableQueryKind.PendingTables);

    internal static void Row(ByteBuffer to, TableCommandKind kind, string name, ulong tableId)
    {
        Begin(to, (byte)kind);
        to.Fixed64(tableId);
        to.Text(name);
    }

    internal static void Begin(ByteBuffer to, byte kind)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(Version);
        to.Byte(kind);
    }
}

using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>Writes and reads the commands and queries of transactions; docs/formats/tables.md draws them.</summary>
public static class TransactionCommand
{
    /// <summary>How many decisions one command finishes at most.</summary>
    public const int FinishedMax = 1000;

    /// <summary>How many parts or decisions one query lists at most.</summary>
    public const int ListedMax = 256;

    /// <summary>A transaction whose items are all in this group: done at once, or not at all.</summary>
    public static void Transact(
        ByteBuffer to, TransactionId id, TransactionFlags flags, UInt128 fingerprint, IReadOnlyList<ReadOnlyMemory<byte>> operations)
    {
        Begin(to, (byte)TableCommandKind.Transact);
        id.Write(to);
        to.Byte((byte)flags);
        Write(to, fingerprint);
        Write(to, operations);
    }

    /// <summary>This group's operations of a transaction: checked, and their items locked.</summary>
    public static void Prepare(ByteBuffer to, TransactionId id, TransactionFlags flags, IReadOnlyList<ReadOnlyMemory<byte>> operations)
    {
        Begin(to, (byte)TableCommandKind.PrepareTransaction);
        id.Write(to);
        to.Byte((byte)flags);
        Write(to, operations);
    }

    /// <summary>To the deciding group: every part is prepared, let it be done.</summary>
    public static void Decide(ByteBuffer to, TransactionId id, UInt128 fingerprint, IReadOnlyList<GroupId> participants)
    {
        ArgumentNullException.ThrowIfNull(participants);
        Begin(to, (byte)TableCommandKind.DecideTransaction);
        id.Write(to);
        Write(to, fingerprint);
        DecisionRules.WriteGroups(to, participants);
    }

    /// <summary>To a participant: what was decided.</summary>
    public static void End(ByteBuffer to, TransactionId id, bool isCommitted)
    {
        Begin(to, (byte)TableCommandKind.EndTransaction);
        id.Write(to);
        to.Byte(isCommitted ? (byte)1 : (byte)0);
    }

    /// <summary>To the deciding group: if it is not decided yet, it is given up; the answer says which it is.</summary>
    public static void Resolve(ByteBuffer to, TransactionId id)
    {
        Begin(to, (byte)TableCommandKind.ResolveTransaction);
        id.Write(to);
    }

    /// <summary>To the deciding group: every participant has done its part.</summary>
    public static void Finish(ByteBuffer to, IReadOnlyList<TransactionId> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        Begin(to, (byte)TableCommandKind.FinishTransactions);
        to.Count(ids.Count);
        foreach (TransactionId id in ids)
        {
            id.Write(to);
        }
    }

    /// <summary>Several items at one moment. Each: table id, key, projection if any.</summary>
    public static void BeginRead(ByteBuffer to, int count)
    {
        Begin(to, (byte)TableQueryKind.ReadTransaction);
        to.Count(count);
    }

    /// <summary>Whether these items are neither changed since a position nor locked.</summary>
    public static void BeginUnchanged(ByteBuffer to, LogIndex since, int count)
    {
        Begin(to, (byte)TableQueryKind.UnchangedItems);
        to.Count(since.Value);
        to.Count(count);
    }

    /// <summary>What was decided about a token.</summary>
    public static void FindDecision(ByteBuffer to, UInt128 token)
    {
        Begin(to, (byte)TableQueryKind.TransactionDecision);
        Write(to, token);
    }

    /// <summary>Parts that are prepared here and not ended, and decisions that are not finished.</summary>
    public static void OpenTransactions(ByteBuffer to) => Begin(to, (byte)TableQueryKind.OpenTransactions);

    internal static UInt128 ReadId(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(16);
        return bytes.IsEmpty ? UInt128.Zero : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    internal static void Write(ByteBuffer to, UInt128 id)
    {
        ArgumentNullException.ThrowIfNull(to);
        BinaryPrimitives.WriteUInt128BigEndian(to.GetSpan(16), id);
        to.Advance(16);
    }

    private static void Write(ByteBuffer to, IReadOnlyList<ReadOnlyMemory<byte>> operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        to.Count(operations.Count);
        foreach (ReadOnlyMemory<byte> operation in operations)
        {
            to.Blob(operation.Span);
        }
    }

    private static void Begin(ByteBuffer to, byte kind)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(TableCommand.Version);
        to.Byte(kind);
    }
}

using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>An item of a TransactGetItems as a group shows it: its size and its encoded attributes; empty when it is not there.</summary>
public readonly record struct ReadItem(long Size, ReadOnlyMemory<byte> Item);

/// <summary>A part or a decision that is not finished, and the groups that are to be told of the decision.</summary>
public sealed record OpenTransaction(TransactionId Id, IReadOnlyList<GroupId> Participants);

/// <summary>
/// The reading side of transactions. Items that are read from several groups belong to one moment when, after the last group was read, none
/// of them has changed or is locked: then that moment is between the two. A lock counts as a change, for the transaction that holds it may
/// have been seen in another group already.
/// </summary>
public static class TransactionReads
{
    private const int ItemsMax = 100;
    private const ItemFlags KnownFlags = ItemFlags.Projection;

    internal static void Read(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        int count = query.Items(1);
        TableAnswer.Write(answer, AnswerStatus.Done);
        answer.Count(count);
        for (int i = 0; i < count; i++)
        {
            ulong tableId = query.Fixed64();
            var flags = (ItemFlags)query.Byte();
            ReadOnlySpan<byte> key = query.Blob();
            ProjectionPlan? projection = (flags & ItemFlags.Projection) != 0 ? ExpressionCodec.DecodeProjection(ref query) : null;
            bool isGood = !query.Failed && count <= ItemsMax && (flags & ~KnownFlags) == 0 && key.Length <= ItemWrite.KeyBytesMax;
            if (!isGood || !TryRead(tableId, key, projection, state, answer))
            {
                if (!isGood)
                {
                    Replace(answer, AnswerStatus.Malformed);
                }

                return;
            }
        }

        if (!query.IsComplete || count == 0)
        {
            Replace(answer, AnswerStatus.Malformed);
        }
    }

    internal static void Unchanged(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        var since = new LogIndex(query.Count());
        int count = query.Items(1);
        bool isUnchanged = true;
        for (int i = 0; i < count && !query.Failed; i++)
        {
            ulong tableId = query.Fixed64();
            ReadOnlySpan<byte> key = query.Blob();
            isUnchanged &= key.Length <= ItemWrite.KeyBytesMax
                && !IsLocked(tableId, key, state, out _)
                && state.IsUnchangedSince(Keyspace.OfItem(Keyspace.Item, tableId, key), since);
        }

        if (query.IsComplete)
        {
            TableAnswer.WriteMore(answer, !isUnchanged);
        }
        else
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
        }
    }

    internal static void Open(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        TableAnswer.Write(answer, AnswerStatus.Done);
        List(Keyspace.TransactionPart, state, answer, static (key, value, to) =>
        {
            // The attempt alone is in the key; the token says who decides.
            var reader = new ByteReader(value.Span);
            _ = reader.Byte();
            TransactionId.Read(ref reader).Write(to);
        });
        List(Keyspace.UnfinishedTransaction, state, answer, static (key, value, to) =>
        {
            to.Raw(key[1..]);
            to.Raw(value.Span);
        });
    }

    /// <summary>The items of an answer; null when the bytes are none.</summary>
    public static IReadOnlyList<ReadItem>? TryReadItems(ReadOnlyMemory<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        var items = new ReadItem[reader.Items(2)];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new ReadItem(reader.Count(), reader.BlobMemory());
        }

        return done && reader.IsComplete ? items : null;
    }

    /// <summary>Parts that are open and decisions that are not finished; null when the bytes are none.</summary>
    public static (IReadOnlyList<TransactionId> Parts, IReadOnlyList<OpenTransaction> Decisions)? TryReadOpen(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        var parts = new TransactionId[reader.Items(TransactionId.Length)];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = TransactionId.Read(ref reader);
        }

        var decisions = new OpenTransaction[reader.Items(TransactionId.Length)];
        for (int i = 0; i < decisions.Length; i++)
        {
            TransactionId id = TransactionId.Read(ref reader);
            if (!DecisionRules.TryReadGroups(ref reader, out List<GroupId> groups))
            {
                reader.Fail();
            }

            decisions[i] = new OpenTransaction(id, groups);
        }

        return done && reader.IsComplete ? (parts, decisions) : null;
    }

    private static bool TryRead(ulong tableId, ReadOnlySpan<byte> key, ProjectionPlan? projection, IOrderedReader state, ByteBuffer answer)
    {
        if (!Registration.Of(tableId, state).IsLive)
        {
            return Replace(answer, AnswerStatus.UnknownTable);
        }

        if (IsLocked(tableId, key, state, out ItemLock held))
        {
            answer.Clear();
            TableAnswer.Write(answer, held, nowMs: 0);
            return false;
        }

        if (!ItemRules.TryFind(tableId, key, state, out Item? item))
        {
            return Replace(answer, AnswerStatus.Damaged);
        }

        var encoded = new ByteBuffer(256);
        if (item is not null)
        {
            ItemCodec.Encode(projection is null ? item : projection.Apply(item), encoded);
        }

        answer.Count(item is null ? 0 : ItemSize.Of(item));
        answer.Blob(encoded.Written);
        return true;
    }

    private static bool IsLocked(ulong tableId, ReadOnlySpan<byte> key, IOrderedReader state, out ItemLock held)
    {
        ItemLock? found = Registration.Of(tableId, state).Locks > 0 ? ItemLock.Find(tableId, key, state) : null;
        held = found ?? default;
        return found is not null;
    }

    private static void List(
        byte range, IOrderedReader state, ByteBuffer answer, Action<ReadOnlySpan<byte>, ReadOnlyMemory<byte>, ByteBuffer> write)
    {
        var listed = new ByteBuffer(1024);
        int count = 0;
        using IOrderedCursor cursor = state.Range([range], [(byte)(range + 1)]);
        while (count < TransactionCommand.ListedMax && cursor.MoveNext())
        {
            write(cursor.Key, cursor.Value, listed);
            count++;
        }

        answer.Count(count);
        answer.Raw(listed.Written);
    }

    private static bool Replace(ByteBuffer answer, AnswerStatus status)
    {
        answer.Clear();
        TableAnswer.Write(answer, status);
        return false;
    }
}

using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>
/// A group's part in transactions. Either it has all items of one, and does it in one command; or it prepares its part, which checks every
/// operation and locks the items, and later hears what was decided. Nobody waits for a lock inside a group: who finds one is told so.
/// An item's own value is untouched until the end, so that reads which may be old go on.
/// </summary>
internal static class TransactionRules
{
    private const int OperationsMax = 100;

    public static void Transact(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        byte isRemembered = command.Byte();
        UInt128 fingerprint = TransactionCommand.ReadId(ref command);
        if (ReadOperations(ref command) is not { } operations || isRemembered > 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (isRemembered == 1 && !Planted.Is(PlantedBug.TokenForgotten)
            && TransactionDecision.Find(id.Token, state, context.SessionMs) is { } before)
        {
            TransactionAnswer.WriteDoneBefore(answer, before.Fingerprint);
            return;
        }

        if (TryCheck(id, operations, state, answer) is not { } sizes)
        {
            return;
        }

        var writer = new ItemWriter(context, state);
        foreach (ReadOnlyMemory<byte> operation in operations)
        {
            Do(operation, ref writer, state);
        }

        if (isRemembered == 1)
        {
            new TransactionDecision(id.Attempt, fingerprint, context.SessionMs, IsFinished: true).Store(id.Token, state);
        }

        TransactionAnswer.WriteDone(answer, sizes, writer.HasOutbox);
    }

    public static void Prepare(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        if (ReadOperations(ref command) is not { } operations)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TransactionPart.IsEnded(id.Attempt, state) || TransactionPart.Find(id.Attempt, state) is not null)
        {
            // Prepared twice would be done twice: what became of the first was decided before this one came.
            TransactionAnswer.Write(answer, TransactionVerdict.GivenUp);
            return;
        }

        if (TryCheck(id, operations, state, answer) is not { } sizes)
        {
            return;
        }

        foreach (ReadOnlyMemory<byte> operation in operations)
        {
            ItemWrite write = Read(operation);
            new ItemLock(id, context.SessionMs).Store(write.TableId, write.Key, state);
            Registration registration = Registration.Of(write.TableId, state);
            registration.StoreLocks(write.TableId, registration.Locks + 1, state);
        }

        new TransactionPart(id, context.SessionMs, operations).Store(state);
        TransactionAnswer.WriteDone(answer, sizes, hasWork: false);
    }

    public static void End(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        byte committed = command.Byte();
        if (!command.IsComplete || committed > 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        bool isCommitted = committed == 1;
        bool hasOutbox = false;
        TransactionPart? part = TransactionPart.Find(id.Attempt, state);
        if (part is not null)
        {
            var writer = new ItemWriter(context, state);
            foreach (ReadOnlyMemory<byte> operation in part.Operations)
            {
                Unlock(operation, state);
                if (isCommitted)
                {
                    Do(operation, ref writer, state);
                }
            }

            hasOutbox = writer.HasOutbox;
        }

        // Given up before it was prepared: the prepare may still be on its way, and must find that it is too late.
        if (part is not null || !isCommitted)
        {
            TransactionPart.StoreEnd(id.Attempt, isCommitted, context.SessionMs, state);
        }

        TransactionAnswer.WriteDone(answer, [], hasOutbox);
    }

    /// <summary>Whether every operation can be done; null: the answer says what is in the way.</summary>
    private static List<(long Old, long New)>? TryCheck(
        TransactionId id, ReadOnlyMemory<byte>[] operations, IOrderedReader state, ByteBuffer answer)
    {
        var sizes = new List<(long Old, long New)>(operations.Length);
        var reasons = new List<CancellationReason>(operations.Length);
        bool isUnderWay = false;
        foreach (ReadOnlyMemory<byte> operation in operations)
        {
            ItemWrite write = Read(operation);
            Registration registration = Registration.Of(write.TableId, state);
            if (!registration.IsLive)
            {
                TableAnswer.Write(answer, AnswerStatus.UnknownTable);
                return null;
            }

            if (registration.Locks > 0 && ItemLock.Find(write.TableId, write.Key, state) is { } held)
            {
                isUnderWay |= held.Transaction.Token == id.Token;
                reasons.Add(CancellationReason.Conflict);
                continue;
            }

            if (!ItemRules.TryFind(write.TableId, write.Key, state, out Item? old))
            {
                TableAnswer.Write(answer, AnswerStatus.Damaged);
                return null;
            }

            TableError? refused = write.Evaluate(old, out Item? updated);
            reasons.Add(refused is null ? CancellationReason.None : CancellationReason.Of(refused));
            sizes.Add((old is null ? 0 : ItemSize.Of(old), updated is null ? 0 : ItemSize.Of(updated)));
        }

        if (reasons.TrueForAll(static reason => reason == CancellationReason.None))
        {
            return sizes;
        }

        TransactionAnswer.WriteRefused(answer, reasons, isUnderWay);
        return null;
    }

    /// <summary>
    /// Does an operation that was found possible, and whose item nobody has touched since. A table that was deleted meanwhile has no items.
    /// </summary>
    private static void Do(ReadOnlyMemory<byte> operation, ref ItemWriter writer, IOrderedState state)
    {
        ItemWrite write = Read(operation);
        Registration registration = Registration.Of(write.TableId, state);
        if (write.IsCheck || !registration.IsLive)
        {
            return;
        }

        bool isReadable = ItemRules.TryFind(write.TableId, write.Key, state, out Item? old);
        Invariant.Assert(isReadable);
        TableError? refused = write.Evaluate(old, out Item? updated);
        Invariant.Assert(refused is null);
        writer.Write(write.TableId, registration, write.Key, old, updated);
    }

    private static void Unlock(ReadOnlyMemory<byte> operation, IOrderedState state)
    {
        if (Planted.Is(PlantedBug.LockLeftBehind))
        {
            return;
        }

        ItemWrite write = Read(operation);
        Registration registration = Registration.Of(write.TableId, state);
        if (registration.IsLive)
        {
            state.Delete(Keyspace.OfItem(Keyspace.Lock, write.TableId, write.Key));
            registration.StoreLocks(write.TableId, registration.Locks - 1, state);
        }
    }

    /// <summary>The operations to the end of the command; null when they are none, or two of them are about one item.</summary>
    private static ReadOnlyMemory<byte>[]? ReadOperations(ref ByteReader command)
    {
        int count = command.Items(1);
        if (count is 0 or > OperationsMax)
        {
            return null;
        }

        var operations = new ReadOnlyMemory<byte>[count];
        var seen = new HashSet<(ulong, string)>();
        for (int i = 0; i < count; i++)
        {
            operations[i] = command.BlobMemory();
            if (command.Failed || !TryRead(operations[i], out ItemWrite write) || !seen.Add((write.TableId, Convert.ToHexString(write.Key))))
            {
                return null;
            }
        }

        return command.IsComplete ? operations : null;
    }

    private static ItemWrite Read(ReadOnlyMemory<byte> operation)
    {
        bool isGood = TryRead(operation, out ItemWrite write);
        Invariant.Assert(isGood);
        return write;
    }

    private static bool TryRead(ReadOnlyMemory<byte> operation, out ItemWrite write)
    {
        var reader = new ByteReader(operation);
        byte version = reader.Byte();
        var kind = (TableCommandKind)reader.Byte();
        write = default;
        return version == TableCommand.Version
            && kind is >= TableCommandKind.PutItem and <= TableCommandKind.CheckItem
            && ItemWrite.TryRead(kind, ref reader, operation, out write);
    }
}

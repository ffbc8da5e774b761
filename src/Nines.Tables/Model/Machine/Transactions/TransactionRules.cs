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
    public static void Transact(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        var flags = (TransactionFlags)command.Byte();
        UInt128 fingerprint = TransactionCommand.ReadId(ref command);
        if (TransactionOperations.TryRead(ref command) is not { } operations || (flags & ~TransactionFlags.All) != 0)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        bool isRemembered = (flags & TransactionFlags.Remembered) != 0;
        if (isRemembered && !Planted.Is(PlantedBug.TokenForgotten)
            && TransactionDecision.Find(id.Token, state, context.SessionMs) is { } before)
        {
            TransactionAnswer.WriteDoneBefore(answer, before.Fingerprint);
            return;
        }

        if (!TryCheck(id, operations, (flags & TransactionFlags.Measured) != 0, state, answer))
        {
            return;
        }

        var writer = new ItemWriter(context, state);
        foreach (ref readonly TransactionOperation operation in operations.Each)
        {
            operation.Do(ref writer, state);
        }

        if (isRemembered)
        {
            new TransactionDecision(id.Attempt, fingerprint, context.SessionMs, IsFinished: true).Store(id.Token, state);
        }

        TransactionAnswer.WriteDone(answer, operations.Sizes, writer.HasOutbox, operations.Costs);
    }

    public static void Prepare(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        var flags = (TransactionFlags)command.Byte();
        if (TransactionOperations.TryRead(ref command) is not { } operations || (flags & ~TransactionFlags.Measured) != 0)
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

        if (!TryCheck(id, operations, (flags & TransactionFlags.Measured) != 0, state, answer))
        {
            return;
        }

        foreach (ref readonly TransactionOperation operation in operations.Each)
        {
            ItemWrite write = operation.Write;
            new ItemLock(id, context.SessionMs).Store(write.TableId, write.Key.Span, state);
            Registration registration = Registration.Of(write.TableId, state);
            registration.StoreLocks(write.TableId, registration.Locks + 1, state);
        }

        new TransactionPart(id, context.SessionMs, operations.Bytes).Store(state);
        TransactionAnswer.WriteDone(answer, operations.Sizes, hasWork: false, operations.Costs);
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
            foreach (ReadOnlyMemory<byte> bytes in part.Operations)
            {
                bool isGood = TransactionOperation.TryRead(bytes, out TransactionOperation operation);
                Invariant.Assert(isGood);
                Unlock(operation.Write, state);
                if (isCommitted && operation.TryPrepare(state))
                {
                    operation.Do(ref writer, state);
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

    /// <summary>Whether every operation can be done. False: the answer says what is in the way.</summary>
    private static bool TryCheck(
        TransactionId id, TransactionOperations operations, bool isMeasured, IOrderedReader state, ByteBuffer answer)
    {
        CancellationReason[]? reasons = null;
        bool isUnderWay = false;
        for (int i = 0; i < operations.Each.Length; i++)
        {
            switch (operations.Each[i].Check(state, isMeasured, out CancellationReason reason, out TransactionId holder))
            {
                case AnswerStatus.Done:
                    break;
                case AnswerStatus.Locked:
                    isUnderWay |= holder.Token == id.Token;
                    break;
                case AnswerStatus.Refused:
                    break;
                case AnswerStatus status:
                    TableAnswer.Write(answer, status);
                    return false;
            }

            if (reason != CancellationReason.None)
            {
                reasons ??= NoReasons(operations.Each.Length);
                reasons[i] = reason;
            }
        }

        if (reasons is not null)
        {
            TransactionAnswer.WriteRefused(answer, reasons, isUnderWay);
        }

        return reasons is null;
    }

    private static CancellationReason[] NoReasons(int count)
    {
        var reasons = new CancellationReason[count];
        Array.Fill(reasons, CancellationReason.None);
        return reasons;
    }

    private static void Unlock(in ItemWrite write, IOrderedState state)
    {
        if (Planted.Is(PlantedBug.LockLeftBehind))
        {
            return;
        }

        Registration registration = Registration.Of(write.TableId, state);
        if (registration.IsLive)
        {
            state.Delete(Keyspace.OfItem(Keyspace.Lock, write.TableId, write.Key.Span));
            registration.StoreLocks(write.TableId, registration.Locks - 1, state);
        }
    }
}

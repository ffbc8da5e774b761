using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine.Transactions;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// The rules of the tables door, run in every group: the control group keeps the table catalogue, the data groups keep
/// registrations of table ids and the items. Which of it a group holds follows from the commands that are sent to it.
/// </summary>
public sealed class TablesMachine : IStateMachine
{
    /// <summary>The machine's place in a group's keyspace.</summary>
    public const byte MachineId = 2;

    /// <inheritdoc/>
    public byte Id => MachineId;

    /// <inheritdoc/>
    public void Apply(in CommandContext context, ReadOnlyMemory<byte> command, IOrderedState state, ByteBuffer answer)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(answer);
        var reader = new ByteReader(command);
        byte version = reader.Byte();
        var kind = (TableCommandKind)reader.Byte();
        if (version != TableCommand.Version || reader.Failed)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        switch (kind)
        {
            case TableCommandKind.PutItem:
            case TableCommandKind.DeleteItem:
            case TableCommandKind.UpdateItem:
                ItemRules.Write(context, kind, ref reader, command, state, answer);
                break;
            case >= TableCommandKind.Transact and <= TableCommandKind.FinishTransactions:
                ApplyTransaction(context, kind, ref reader, state, answer);
                break;
            case TableCommandKind.RegisterTable or TableCommandKind.DropTable:
            case >= TableCommandKind.ApplyIndexEdits and <= TableCommandKind.ClearIndex:
            case TableCommandKind.FillExpiry or TableCommandKind.ExpireItems:
                ApplyToGroup(context, kind, ref reader, state, answer);
                break;
            default:
                ApplyToCatalogue(context, kind, ref reader, state, answer);
                break;
        }
    }

    /// <inheritdoc/>
    public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timeMs, long sessionMs) =>
        !key.IsEmpty && key[0] switch
        {
            // Readers pass over stream records after 24 hours too.
            Keyspace.StreamRecord => StreamRecord.TimeOf(value) is { } written && written < timeMs - TableStream.RetentionMs,
            Keyspace.TransactionDecision => TransactionDecision.IsExpired(key, value, sessionMs),
            Keyspace.EndedTransaction => TransactionPart.IsMarkExpired(value, sessionMs),
            _ => false,
        };

    /// <inheritdoc/>
    public void Query(ReadOnlyMemory<byte> query, IOrderedReader state, ByteBuffer answer)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(answer);
        var reader = new ByteReader(query);
        byte version = reader.Byte();
        var kind = (TableQueryKind)reader.Byte();
        if (version != TableCommand.Version || reader.Failed)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        switch (kind)
        {
            case TableQueryKind.DescribeTable:
                CatalogueRules.Describe(ref reader, state, answer);
                break;
            case TableQueryKind.ListTables:
                CatalogueRules.List(ref reader, state, answer);
                break;
            case TableQueryKind.PendingTables:
                CatalogueRules.Pending(ref reader, state, answer);
                break;
            case TableQueryKind.GetItem:
                ItemRules.Get(ref reader, state, answer);
                break;
            case TableQueryKind.ReadPage:
                PageRules.Read(ref reader, state, answer);
                break;
            case TableQueryKind.ReadOutbox:
                IndexShipping.Read(ref reader, state, answer);
                break;
            case TableQueryKind.ReadShape:
                IndexShipping.ReadShape(ref reader, state, answer);
                break;
            case TableQueryKind.ReadStream:
                StreamRules.Read(ref reader, state, answer);
                break;
            case TableQueryKind.DueItems:
                ExpiryRules.Due(ref reader, state, answer);
                break;
            case TableQueryKind.ListStreams:
                StreamRules.List(ref reader, state, answer);
                break;
            case TableQueryKind.StreamShard:
                StreamRules.Shard(ref reader, state, answer);
                break;
            case TableQueryKind.ReadTransaction:
                TransactionReads.Read(ref reader, state, answer);
                break;
            case TableQueryKind.UnchangedItems:
                TransactionReads.Unchanged(ref reader, state, answer);
                break;
            case TableQueryKind.TransactionDecision:
                DecisionRules.Find(ref reader, state, answer);
                break;
            case TableQueryKind.OpenTransactions:
                TransactionReads.Open(ref reader, state, answer);
                break;
            default:
                TableAnswer.Write(answer, AnswerStatus.Malformed);
                break;
        }
    }

    /// <summary>What the control group keeps: tables and what is to become of them.</summary>
    private static void ApplyToCatalogue(
        in CommandContext context, TableCommandKind kind, ref ByteReader reader, IOrderedState state, ByteBuffer answer)
    {
        switch (kind)
        {
            case TableCommandKind.CreateTable:
                CatalogueRules.Create(context, ref reader, state, answer);
                break;
            case TableCommandKind.ActivateTable:
                CatalogueRules.Activate(ref reader, state, answer);
                break;
            case TableCommandKind.DeleteTable:
                CatalogueRules.Delete(ref reader, state, answer);
                break;
            case TableCommandKind.ForgetTable:
                CatalogueRules.Forget(ref reader, state, answer);
                break;
            case TableCommandKind.ChangeTags:
                TableChanges.ChangeTags(ref reader, state, answer);
                break;
            case TableCommandKind.UpdateTable:
                TableChanges.Update(context, ref reader, state, answer);
                break;
            case TableCommandKind.SettleTable:
                TableReshaping.Settle(ref reader, state, answer);
                break;
            case TableCommandKind.FinishTimeToLive:
                TableReshaping.FinishTimeToLive(ref reader, state, answer);
                break;
            case TableCommandKind.UpdateTimeToLive:
                TableReshaping.UpdateTimeToLive(context, ref reader, state, answer);
                break;
            case TableCommandKind.SettleIndex:
                IndexChanges.Settle(ref reader, state, answer);
                break;
            default:
                TableAnswer.Write(answer, AnswerStatus.Malformed);
                break;
        }
    }

    /// <summary>What a data group keeps beside items: tables it knows, what hangs on items.</summary>
    private static void ApplyToGroup(
        in CommandContext context, TableCommandKind kind, ref ByteReader reader, IOrderedState state, ByteBuffer answer)
    {
        switch (kind)
        {
            case TableCommandKind.RegisterTable:
                TableRegistration.Register(ref reader, state, answer);
                break;
            case TableCommandKind.DropTable:
                TableRegistration.Drop(ref reader, state, answer);
                break;
            case TableCommandKind.ApplyIndexEdits:
                IndexShipping.Apply(ref reader, state, answer);
                break;
            case TableCommandKind.TrimOutbox:
                IndexShipping.Trim(ref reader, state, answer);
                break;
            case TableCommandKind.BackfillIndex:
                IndexFilling.Fill(context, ref reader, state, answer);
                break;
            case TableCommandKind.ClearIndex:
                IndexFilling.Clear(ref reader, state, answer);
                break;
            case TableCommandKind.FillExpiry:
                ExpiryRules.Fill(context, ref reader, state, answer);
                break;
            case TableCommandKind.ExpireItems:
                ExpiryRules.Expire(context, ref reader, state, answer);
                break;
            default:
                TableAnswer.Write(answer, AnswerStatus.Malformed);
                break;
        }
    }

    /// <summary>A group's part in transactions.</summary>
    private static void ApplyTransaction(
        in CommandContext context, TableCommandKind kind, ref ByteReader reader, IOrderedState state, ByteBuffer answer)
    {
        switch (kind)
        {
            case TableCommandKind.Transact:
                TransactionRules.Transact(context, ref reader, state, answer);
                break;
            case TableCommandKind.PrepareTransaction:
                TransactionRules.Prepare(context, ref reader, state, answer);
                break;
            case TableCommandKind.DecideTransaction:
                DecisionRules.Decide(context, ref reader, state, answer);
                break;
            case TableCommandKind.EndTransaction:
                TransactionRules.End(context, ref reader, state, answer);
                break;
            case TableCommandKind.ResolveTransaction:
                DecisionRules.Resolve(context, ref reader, state, answer);
                break;
            case TableCommandKind.FinishTransactions:
                DecisionRules.Finish(ref reader, state, answer);
                break;
            default:
                TableAnswer.Write(answer, AnswerStatus.Malformed);
                break;
        }
    }
}

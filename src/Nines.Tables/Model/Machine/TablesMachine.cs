using Nines.Kernel;
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
            case TableCommandKind.SettleIndex:
                IndexChanges.Settle(ref reader, state, answer);
                break;
            case TableCommandKind.PutItem:
            case TableCommandKind.DeleteItem:
            case TableCommandKind.UpdateItem:
                ItemRules.Write(context, kind, ref reader, command, state, answer);
                break;
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

    /// <inheritdoc/>
    public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timeMs, long sessionMs) =>
        !key.IsEmpty && key[0] switch
        {
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
}

using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>What a command of a transaction wants besides being done.</summary>
[Flags]
public enum TransactionFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The client gave a token, so it is kept that this one was done.</summary>
    Remembered = 1,

    /// <summary>The sizes of the items before and after, for consumed capacity.</summary>
    Measured = 2,

    /// <summary>All that is known.</summary>
    All = 3,
}

/// <summary>The operations of a command, read once.</summary>
internal sealed class TransactionOperations
{
    private const int OperationsMax = 100;

    private readonly TransactionOperation[] _each;

    private TransactionOperations(TransactionOperation[] each) => _each = each;

    public Span<TransactionOperation> Each => _each;

    /// <summary>The operations as they stand in the command.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Bytes => Array.ConvertAll(_each, static operation => operation.Bytes);

    /// <summary>The sizes of the items, when they were measured.</summary>
    public IReadOnlyList<(long Old, long New)> Sizes =>
        _each[0].Sizes is null ? [] : Array.ConvertAll(_each, static operation => operation.Sizes!.Value);

    /// <summary>What each costs in indexes, when it was measured and any costs something; otherwise empty.</summary>
    public IReadOnlyList<IReadOnlyList<IndexCost>> Costs =>
        Array.Exists(_each, static operation => operation.Costs.Count > 0) ? Array.ConvertAll(_each, static operation => operation.Costs) : [];

    /// <summary>The operations to the end of the command; null when they are none, or two of them are about one item.</summary>
    public static TransactionOperations? TryRead(ref ByteReader command)
    {
        int count = command.Items(1);
        if (count is 0 or > OperationsMax)
        {
            return null;
        }

        var each = new TransactionOperation[count];
        HashSet<(ulong, string)>? seen = count > 1 ? new(count) : null;
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> bytes = command.BlobMemory();
            if (command.Failed || !TransactionOperation.TryRead(bytes, out each[i])
                || seen?.Add((each[i].Write.TableId, Convert.ToHexString(each[i].Write.Key.Span))) == false)
            {
                return null;
            }
        }

        return command.IsComplete ? new TransactionOperations(each) : null;
    }
}

/// <summary>One operation, and what it was found to do.</summary>
internal struct TransactionOperation
{
    private Registration _registration;
    private Item? _old;
    private Item? _updated;
    private bool _isBlind;

    /// <summary>As it stands in the command: a whole command for one item.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    public ItemWrite Write { get; private init; }

    /// <summary>The sizes of the item before and after; null when they were not asked for.</summary>
    public (long Old, long New)? Sizes { get; private set; }

    /// <summary>What it costs in indexes; none when that was not asked for.</summary>
    public IReadOnlyList<IndexCost> Costs { get => field ?? []; private set; }

    public static bool TryRead(ReadOnlyMemory<byte> bytes, out TransactionOperation operation)
    {
        var reader = new ByteReader(bytes);
        byte version = reader.Byte();
        var kind = (TableCommandKind)reader.Byte();
        operation = default;
        if (version != TableCommand.Version
            || kind is < TableCommandKind.PutItem or > TableCommandKind.CheckItem
            || !ItemWrite.TryRead(kind, ref reader, bytes, out ItemWrite write))
        {
            return false;
        }

        operation = new TransactionOperation { Bytes = bytes, Write = write };
        return true;
    }

    /// <summary>
    /// Whether it can be done: Done, Refused with a reason, Locked with a reason and by whom; or what is wrong with the table or the item.
    /// </summary>
    public AnswerStatus Check(IOrderedReader state, bool isMeasured, out CancellationReason reason, out TransactionId holder)
    {
        AnswerStatus status = Find(state, isMeasured, out reason, out holder);
        if (status != AnswerStatus.Done || _isBlind || Write.IsCheck || _registration.IsPlain)
        {
            return status;
        }

        if (ItemRules.CheckIndexes(Write, _registration.Shape, _old, _updated, state) is { } unfit)
        {
            reason = CancellationReason.Of(unfit);
            return AnswerStatus.Refused;
        }

        if (isMeasured)
        {
            Costs = IndexCosts.Of(Write.TableId, _registration.Shape, Write.Key.Span, _old, _updated);
        }

        return AnswerStatus.Done;
    }

    private AnswerStatus Find(IOrderedReader state, bool isMeasured, out CancellationReason reason, out TransactionId holder)
    {
        reason = CancellationReason.None;
        holder = default;
        _registration = Registration.Of(Write.TableId, state);
        if (!_registration.IsLive)
        {
            return AnswerStatus.UnknownTable;
        }

        if (_registration.Locks > 0 && ItemLock.Find(Write.TableId, Write.Key.Span, state) is { } held)
        {
            reason = CancellationReason.Conflict;
            holder = held.Transaction;
            return AnswerStatus.Locked;
        }

        _isBlind = Write.IsBlind && _registration.IsPlain && !isMeasured;
        if (_isBlind)
        {
            return AnswerStatus.Done;
        }

        if (!ItemRules.TryFind(Write.TableId, Write.Key.Span, state, out _old))
        {
            return AnswerStatus.Damaged;
        }

        TableError? refused = Write.Evaluate(_old, out _updated);
        if (isMeasured)
        {
            Sizes = (_old is null ? 0 : ItemSize.Of(_old), _updated is null ? 0 : ItemSize.Of(_updated));
        }

        reason = refused is null ? CancellationReason.None : CancellationReason.Of(refused);
        return refused is null ? AnswerStatus.Done : AnswerStatus.Refused;
    }

    /// <summary>
    /// Before a part that was prepared is done: it was found possible then, and nobody has touched its item since. False: the table was
    /// deleted meanwhile, and has no items. Indexes that were added since take the item as they take those they find in the table.
    /// </summary>
    public bool TryPrepare(IOrderedReader state)
    {
        AnswerStatus status = Find(state, isMeasured: false, out _, out _);
        Invariant.Assert(status is AnswerStatus.Done or AnswerStatus.UnknownTable);
        return status == AnswerStatus.Done;
    }

    /// <summary>Does what the check found.</summary>
    public readonly void Do(ref ItemWriter writer, IOrderedState state)
    {
        if (_isBlind)
        {
            ItemRules.WriteBlindly(Write, state);
        }
        else if (!Write.IsCheck)
        {
            writer.Write(Write.TableId, _registration, Write.Key.Span, _old, _updated);
        }
    }
}

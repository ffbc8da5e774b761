using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>What became of a command of a transaction. Sent between nodes: append only.</summary>
public enum TransactionVerdict : byte
{
    /// <summary>Done: the part is prepared, or the transaction is decided.</summary>
    Done = 1,

    /// <summary>Some operations cannot be done; the reasons follow. Nothing was written.</summary>
    Refused = 2,

    /// <summary>Another attempt with the same token was done before; its fingerprint follows.</summary>
    DoneBefore = 3,

    /// <summary>This attempt was given up before; it can never be done any more.</summary>
    GivenUp = 4,
}

/// <summary>
/// An answer to a command of a transaction.
/// <code>
///   00 | flags u8 (4: work for the leader, 8: costs of indexes) | verdict u8 | what the verdict says
///   done         count n | { old size n | new size n } [| { count n | { index id n | write units n } }, for each of them]
///   refused      held by the same token u8 | count n | { code text | message text, empty for none | item blob, empty for none }
///   done before  fingerprint, 16 bytes
/// </code>
/// </summary>
public sealed record TransactionAnswer(TransactionVerdict Verdict)
{
    private const int FingerprintLength = 16;
    private const byte HasWork = 4;
    private const byte HasCosts = 8;

    /// <summary>Done: the sizes of each operation's item before and after.</summary>
    public IReadOnlyList<(long Old, long New)> Sizes { get; init; } = [];

    /// <summary>Done: what each operation cost in indexes, a transaction's doubling aside; empty when none cost anything.</summary>
    public IReadOnlyList<IReadOnlyList<IndexCost>> Costs { get; init; } = [];

    /// <summary>Refused: a reason for each operation, in their order.</summary>
    public IReadOnlyList<CancellationReason> Reasons { get; init; } = [];

    /// <summary>Refused: an attempt with the same token holds one of the items, so the request is under way already.</summary>
    public bool IsUnderWay { get; init; }

    /// <summary>Done before: what the request with the token was.</summary>
    public UInt128 Fingerprint { get; init; }

    /// <summary>Appends an answer that has nothing but its verdict.</summary>
    public static void Write(ByteBuffer to, TransactionVerdict verdict) => Write(to, verdict, flags: 0);

    private static void Write(ByteBuffer to, TransactionVerdict verdict, byte flags)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)AnswerStatus.Done);
        to.Byte(flags);
        to.Byte((byte)verdict);
    }

    /// <summary>Appends "done".</summary>
    public static void WriteDone(
        ByteBuffer to, IReadOnlyList<(long Old, long New)> sizes, bool hasWork, IReadOnlyList<IReadOnlyList<IndexCost>>? costs = null)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        Write(to, TransactionVerdict.Done, (byte)((hasWork ? HasWork : 0) | (costs is { Count: > 0 } ? HasCosts : 0)));
        to.Count(sizes.Count);
        foreach ((long old, long updated) in sizes)
        {
            to.Count(old);
            to.Count(updated);
        }

        foreach (IReadOnlyList<IndexCost> one in costs ?? [])
        {
            TableAnswer.WriteCosts(to, one);
        }
    }

    /// <summary>Appends "refused".</summary>
    public static void WriteRefused(ByteBuffer to, IReadOnlyList<CancellationReason> reasons, bool isUnderWay)
    {
        ArgumentNullException.ThrowIfNull(reasons);
        Write(to, TransactionVerdict.Refused);
        to.Byte(isUnderWay ? (byte)1 : (byte)0);
        to.Count(reasons.Count);
        foreach (CancellationReason reason in reasons)
        {
            to.Text(reason.Code);
            to.Text(reason.Message ?? "");
            var item = new ByteBuffer(64);
            if (reason.Item is not null)
            {
                ItemCodec.Encode(reason.Item, item);
            }

            to.Blob(item.Written);
        }
    }

    /// <summary>Appends "done before".</summary>
    public static void WriteDoneBefore(ByteBuffer to, UInt128 fingerprint)
    {
        Write(to, TransactionVerdict.DoneBefore);
        to.Fixed64((ulong)(fingerprint >> 64));
        to.Fixed64((ulong)fingerprint);
    }

    /// <summary>Reads an answer; null when the bytes are none.</summary>
    public static TransactionAnswer? TryRead(ReadOnlyMemory<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        byte flags = reader.Byte();
        var verdict = (TransactionVerdict)reader.Byte();
        TransactionAnswer? read = verdict switch
        {
            TransactionVerdict.Done => ReadDone(ref reader, (flags & HasCosts) != 0),
            TransactionVerdict.Refused => ReadRefused(ref reader),
            TransactionVerdict.DoneBefore => new TransactionAnswer(verdict) { Fingerprint = new UInt128(reader.Fixed64(), reader.Fixed64()) },
            TransactionVerdict.GivenUp => new TransactionAnswer(verdict),
            _ => null,
        };
        return done && reader.IsComplete && (flags & ~(HasWork | HasCosts)) == 0 ? read : null;
    }

    private static TransactionAnswer ReadDone(ref ByteReader reader, bool hasCosts)
    {
        var sizes = new (long Old, long New)[reader.Items(2)];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = (reader.Count(), reader.Count());
        }

        var costs = new IndexCost[hasCosts && !reader.Failed ? sizes.Length : 0][];
        for (int i = 0; i < costs.Length; i++)
        {
            costs[i] = TableAnswer.ReadCosts(ref reader);
        }

        return new TransactionAnswer(TransactionVerdict.Done) { Sizes = sizes, Costs = costs };
    }

    private static TransactionAnswer ReadRefused(ref ByteReader reader)
    {
        bool isUnderWay = reader.Byte() == 1;
        var reasons = new CancellationReason[reader.Items(3)];
        for (int i = 0; i < reasons.Length; i++)
        {
            string code = reader.Text();
            string message = reader.Text();
            ReadOnlyMemory<byte> bytes = reader.BlobMemory();
            Item? item = null;
            if (!bytes.IsEmpty && !ItemCodec.TryDecode(bytes, out item))
            {
                reader.Fail();
            }

            reasons[i] = new CancellationReason(code, message.Length == 0 ? null : message, item);
        }

        return new TransactionAnswer(TransactionVerdict.Refused) { Reasons = reasons, IsUnderWay = isUnderWay };
    }
}

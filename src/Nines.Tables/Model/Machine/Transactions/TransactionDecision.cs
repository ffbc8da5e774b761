using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>
/// That a transaction is done, kept by the group of its token's slot: the one place where it is decided. Of several attempts with one token
/// the first that gets here is the transaction. It is kept for ten minutes, which is how long DynamoDB honours a token, and in any case
/// until every group has done its part.
/// <code>
///   version 1 | finished u8 | attempt | fingerprint, 16 bytes | session clock, ms n
/// </code>
/// </summary>
public sealed record TransactionDecision(UInt128 Attempt, UInt128 Fingerprint, long AtMs, bool IsFinished)
{
    /// <summary>How long a token and what belongs to its attempts are remembered, by the group's session clock.</summary>
    public const long RememberedMs = 10 * 60 * 1000;

    private const byte Version = 1;

    /// <summary>Where the decision about a token is kept.</summary>
    public static byte[] KeyOf(UInt128 token)
    {
        byte[] key = new byte[1 + 16];
        key[0] = Keyspace.TransactionDecision;
        BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(1), token);
        return key;
    }

    /// <summary>Where it is kept that an attempt was given up.</summary>
    public static byte[] KeyOf(TransactionId id)
    {
        byte[] key = new byte[1 + TransactionId.Length];
        key[0] = Keyspace.TransactionDecision;
        id.Write(key.AsSpan(1));
        return key;
    }

    /// <summary>Where it is kept that groups have still to be told of a decision.</summary>
    public static byte[] UnfinishedKeyOf(TransactionId id)
    {
        byte[] key = KeyOf(id);
        key[0] = Keyspace.UnfinishedTransaction;
        return key;
    }

    /// <summary>The decision about a token; null when there is none, or none that counts any more.</summary>
    public static TransactionDecision? Find(UInt128 token, IOrderedReader state, long sessionMs)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.TryGet(KeyOf(token), out ReadOnlyMemory<byte> value) && TryDecode(value.Span) is { } decision && !decision.IsExpiredAt(sessionMs)
            ? decision
            : null;
    }

    /// <summary>Writes the decision.</summary>
    public void Store(UInt128 token, IOrderedState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var value = new ByteBuffer(64);
        value.Byte(Version);
        value.Byte(IsFinished ? (byte)1 : (byte)0);
        Write(value, Attempt);
        Write(value, Fingerprint);
        value.Count(AtMs);
        state.Put(KeyOf(token), value.Written);
    }

    /// <summary>Reads a decision; null when the bytes are none.</summary>
    public static TransactionDecision? TryDecode(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        bool known = reader.Byte() == Version;
        byte finished = reader.Byte();
        UInt128 attempt = Read(ref reader);
        UInt128 fingerprint = Read(ref reader);
        long at = reader.Count();
        return known && reader.IsComplete && finished <= 1 ? new TransactionDecision(attempt, fingerprint, at, finished == 1) : null;
    }

    /// <summary>Marks an attempt as given up.</summary>
    public static void StoreGivenUp(TransactionId id, long sessionMs, IOrderedState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var value = new ByteBuffer(12);
        value.Byte(Version);
        value.Count(sessionMs);
        state.Put(KeyOf(id), value.Written);
    }

    /// <summary>A decision, or a mark of an attempt that was given up, that counts no more.</summary>
    public static bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long sessionMs)
    {
        if (key.Length == 1 + 16)
        {
            return TryDecode(value) is { } decision && decision.IsExpiredAt(sessionMs);
        }

        var reader = new ByteReader(value);
        bool known = reader.Byte() == Version;
        long at = reader.Count();
        return known && reader.IsComplete && sessionMs - at > RememberedMs;
    }

    private bool IsExpiredAt(long sessionMs) => IsFinished && sessionMs - AtMs > RememberedMs;

    private static void Write(ByteBuffer to, UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(to.GetSpan(16), value);
        to.Advance(16);
    }

    private static UInt128 Read(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(16);
        return bytes.IsEmpty ? UInt128.Zero : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

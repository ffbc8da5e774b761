using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>
/// A group's part of an attempt at a transaction: every operation can be done, and the items are locked until the group is told what was
/// decided. When it is told, a mark takes the part's place for a while: what is sent again late must find that it is over.
/// <code>
///   part   version 1 | token | attempt | session clock, ms n | count n | { operation blob }
///   mark   version 1 | committed u8 | session clock, ms n
/// </code>
/// </summary>
public sealed record TransactionPart(TransactionId Id, long SinceMs, IReadOnlyList<ReadOnlyMemory<byte>> Operations)
{
    private const byte Version = 1;

    /// <summary>The part of an attempt; null when the group has none that is open.</summary>
    public static TransactionPart? Find(UInt128 attempt, IOrderedReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.TryGet(KeyOf(Keyspace.TransactionPart, attempt), out ReadOnlyMemory<byte> value) ? TryDecode(value) : null;
    }

    /// <summary>Whether the group was told the end of an attempt, not longer ago than anything about it can be under way.</summary>
    public static bool IsEnded(UInt128 attempt, IOrderedReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.TryGet(KeyOf(Keyspace.EndedTransaction, attempt), out _);
    }

    /// <summary>Writes the part.</summary>
    public void Store(IOrderedState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var value = new ByteBuffer(256);
        value.Byte(Version);
        Id.Write(value);
        value.Count(SinceMs);
        value.Count(Operations.Count);
        foreach (ReadOnlyMemory<byte> operation in Operations)
        {
            value.Blob(operation.Span);
        }

        state.Put(KeyOf(Keyspace.TransactionPart, Id.Attempt), value.Written);
    }

    /// <summary>Writes the mark of an end, in place of the part if there is one.</summary>
    public static void StoreEnd(UInt128 attempt, bool isCommitted, long sessionMs, IOrderedState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var value = new ByteBuffer(16);
        value.Byte(Version);
        value.Byte(isCommitted ? (byte)1 : (byte)0);
        value.Count(sessionMs);
        state.Put(KeyOf(Keyspace.EndedTransaction, attempt), value.Written);
        state.Delete(KeyOf(Keyspace.TransactionPart, attempt));
    }

    /// <summary>Reads a part; null when the bytes are none.</summary>
    public static TransactionPart? TryDecode(ReadOnlyMemory<byte> value)
    {
        var reader = new ByteReader(value);
        bool known = reader.Byte() == Version;
        TransactionId id = TransactionId.Read(ref reader);
        long since = reader.Count();
        var operations = new ReadOnlyMemory<byte>[reader.Items(1)];
        for (int i = 0; i < operations.Length; i++)
        {
            operations[i] = reader.BlobMemory();
        }

        return known && reader.IsComplete ? new TransactionPart(id, since, operations) : null;
    }

    /// <summary>A mark that counts no more.</summary>
    public static bool IsMarkExpired(ReadOnlySpan<byte> value, long sessionMs)
    {
        var reader = new ByteReader(value);
        bool known = reader.Byte() == Version;
        _ = reader.Byte();
        long at = reader.Count();
        return known && reader.IsComplete && sessionMs - at > TransactionDecision.RememberedMs;
    }

    private static byte[] KeyOf(byte range, UInt128 attempt)
    {
        byte[] key = new byte[1 + 16];
        key[0] = range;
        BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(1), attempt);
        return key;
    }
}

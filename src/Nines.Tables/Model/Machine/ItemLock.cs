using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Says that an item belongs to a transaction which was prepared here and not yet ended. Nobody else writes the item meanwhile, and who
/// reads it with strong consistency waits; the item itself is as it was before the transaction.
/// </summary>
/// <param name="Transaction">Which attempt of which transaction.</param>
/// <param name="SinceMs">The group's session clock when it was locked.</param>
public readonly record struct ItemLock(TransactionId Transaction, long SinceMs)
{
    /// <summary>Bytes of a lock's value.</summary>
    private const int Length = TransactionId.Length + 8;

    /// <summary>The lock on an item; null when it has none.</summary>
    public static ItemLock? Find(ulong tableId, ReadOnlySpan<byte> itemKey, IOrderedReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.TryGet(Keyspace.OfItem(Keyspace.Lock, tableId, itemKey), out ReadOnlyMemory<byte> value) && value.Length == Length
            ? new ItemLock(TransactionId.Read(value.Span), BinaryPrimitives.ReadInt64LittleEndian(value.Span[TransactionId.Length..]))
            : null;
    }

    /// <summary>Locks an item.</summary>
    public void Store(ulong tableId, ReadOnlySpan<byte> itemKey, IOrderedState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Span<byte> value = stackalloc byte[Length];
        Transaction.Write(value);
        BinaryPrimitives.WriteInt64LittleEndian(value[TransactionId.Length..], SinceMs);
        state.Put(Keyspace.OfItem(Keyspace.Lock, tableId, itemKey), value);
    }
}

/// <summary>
/// Names one attempt at a transaction. The token is the same for all attempts of what the client considers one request; it says which
/// group decides, and of all attempts with one token at most one is ever done.
/// </summary>
public readonly record struct TransactionId(UInt128 Token, UInt128 Attempt)
{
    /// <summary>Bytes of an id.</summary>
    public const int Length = 32;

    /// <summary>The slot whose group decides.</summary>
    public int Slot
    {
        get
        {
            Span<byte> token = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(token, Token);
            return Slots.Of(token);
        }
    }

    /// <summary>Reads an id from the first bytes.</summary>
    public static TransactionId Read(ReadOnlySpan<byte> from) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(from), BinaryPrimitives.ReadUInt128BigEndian(from[16..]));

    /// <summary>Reads an id.</summary>
    public static TransactionId Read(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(Length);
        return bytes.IsEmpty ? default : Read(bytes);
    }

    /// <summary>Writes the id into the first bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt128BigEndian(to, Token);
        BinaryPrimitives.WriteUInt128BigEndian(to[16..], Attempt);
    }

    /// <summary>Appends the id.</summary>
    public void Write(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        Write(to.GetSpan(Length));
        to.Advance(Length);
    }
}

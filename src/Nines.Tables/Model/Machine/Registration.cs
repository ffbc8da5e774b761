using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What a data group has of a table id, as it is stored. What most operations need is in front and read without decoding the rest.
/// <code>
///   version 2 | state | plain u8 | locked items u32 | shape        the shape while live
/// </code>
/// </summary>
public readonly struct Registration
{
    private const byte Version = 2;
    private const int StateAt = 1;
    private const int PlainAt = 2;
    private const int LocksAt = 3;
    private const int ShapeAt = 7;

    private readonly ReadOnlyMemory<byte> _value;

    private Registration(ReadOnlyMemory<byte> value) => _value = value;

    /// <summary>What the group thinks of the table.</summary>
    public RegistrationState State => _value.IsEmpty ? RegistrationState.None : (RegistrationState)_value.Span[StateAt];

    /// <summary>Items may be read and written.</summary>
    public bool IsLive => State == RegistrationState.Live;

    /// <summary>No indexes, no stream, no time to live: see <see cref="TableShape.IsPlain"/>.</summary>
    public bool IsPlain => _value.Span[PlainAt] != 0;

    /// <summary>How many items of the table are locked by transactions in this group.</summary>
    public uint Locks => _value.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(_value.Span[LocksAt..]);

    /// <summary>The shape of a live table.</summary>
    public TableShape Shape
    {
        get
        {
            var reader = new ByteReader(_value[ShapeAt..]);
            TableShape? shape = TableShape.TryDecode(ref reader);
            Invariant.Assert(shape is not null && reader.IsComplete);
            return shape;
        }
    }

    /// <summary>The registration of a table id in this group.</summary>
    public static Registration Of(ulong tableId, IOrderedReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Span<byte> key = stackalloc byte[Keyspace.RegistrationKeyLength];
        Keyspace.RegistrationKey(tableId, key);
        bool isKnown = state.TryGet(key, out ReadOnlyMemory<byte> value) && value.Length >= ShapeAt && value.Span[0] == Version;
        return new Registration(isKnown ? value : default);
    }

    /// <summary>A live table.</summary>
    internal static void Store(ulong tableId, TableShape shape, uint locks, IOrderedState state)
    {
        var value = new ByteBuffer(128);
        Begin(value, RegistrationState.Live, shape.IsPlain, locks);
        shape.Encode(value);
        Store(tableId, value.Written, state);
    }

    /// <summary>A table that is going or gone.</summary>
    internal static void Store(ulong tableId, RegistrationState registration, IOrderedState state)
    {
        var value = new ByteBuffer(ShapeAt);
        Begin(value, registration, isPlain: true, locks: 0);
        Store(tableId, value.Written, state);
    }

    /// <summary>The same, with another count of locked items.</summary>
    internal void StoreLocks(ulong tableId, uint locks, IOrderedState state)
    {
        byte[] value = _value.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(LocksAt), locks);
        Store(tableId, value, state);
    }

    private static void Begin(ByteBuffer value, RegistrationState registration, bool isPlain, uint locks)
    {
        value.Byte(Version);
        value.Byte((byte)registration);
        value.Byte(isPlain ? (byte)1 : (byte)0);
        value.Fixed32(locks);
    }

    private static void Store(ulong tableId, ReadOnlySpan<byte> value, IOrderedState state)
    {
        Span<byte> key = stackalloc byte[Keyspace.RegistrationKeyLength];
        Keyspace.RegistrationKey(tableId, key);
        state.Put(key, value);
    }
}

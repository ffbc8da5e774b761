using System.Buffers.Binary;
using System.Numerics;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>What one key holds. The version is the log position of the write.</summary>
public readonly record struct RegisterState(bool Found, ulong Value, long Version, int Padding, bool IsIntact)
{
    public const int KeySize = 5;

    private const int HeadSize = 16;
    private const int PaddingMax = 65_536;

    public static void WriteKey(int key, Span<byte> destination)
    {
        destination[0] = (byte)'k';
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (uint)key);
    }

    public static RegisterState Read(IOrderedReader state, ReadOnlySpan<byte> key) =>
        state.TryGet(key, out ReadOnlyMemory<byte> stored)
            ? Decode(stored.Span)
            : new RegisterState(false, 0, 0, 0, IsIntact: true);

    public static RegisterState Decode(ReadOnlySpan<byte> stored)
    {
        if (stored.Length < HeadSize)
        {
            return new RegisterState(true, 0, 0, 0, IsIntact: false);
        }

        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(stored);
        long version = BinaryPrimitives.ReadInt64LittleEndian(stored[8..]);
        ReadOnlySpan<byte> padding = stored[HeadSize..];
        bool intact = padding.IndexOfAnyExcept(Filler(value)) < 0;
        return new RegisterState(true, value, version, padding.Length, intact);
    }

    public void Write(IOrderedState state, ReadOnlySpan<byte> key)
    {
        Invariant.Assert(Padding is >= 0 and <= PaddingMax);
        byte[] stored = new byte[HeadSize + Padding];
        BinaryPrimitives.WriteUInt64LittleEndian(stored, Value);
        BinaryPrimitives.WriteInt64LittleEndian(stored.AsSpan(8), Version);
        stored.AsSpan(HeadSize).Fill(Filler(Value));
        state.Put(key, stored);
    }

    public ulong Hash(int key) =>
        StateSummary.Mix(StateSummary.Mix(StateSummary.Mix((ulong)key, Value), (ulong)Version), (ulong)Padding);

    private static byte Filler(ulong value) => (byte)(value | 1);
}

/// <summary>
/// The record that stands for a whole state: a sum over the hashes of its entries (order does not matter, so it can be kept
/// up to date by adding and subtracting), a chain over all commands applied, and the position of the last.
/// </summary>
public readonly record struct StateSummary(ulong Contents, ulong Chain, long LastPosition)
{
    private const int Size = 24;

    public static StateSummary Read(IOrderedReader state, ReadOnlySpan<byte> key)
    {
        if (!state.TryGet(key, out ReadOnlyMemory<byte> stored) || stored.Length != Size)
        {
            return default;
        }

        ReadOnlySpan<byte> bytes = stored.Span;
        return new StateSummary(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
    }

    public void Write(IOrderedState state, ReadOnlySpan<byte> key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Contents);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Chain);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], LastPosition);
        state.Put(key, bytes);
    }

    public StateSummary With(ulong entry) => this with { Contents = unchecked(Contents + entry) };

    public StateSummary Without(ulong entry) => this with { Contents = unchecked(Contents - entry) };

    public StateSummary After(LogIndex position, uint digest, bool tookEffect) => this with
    {
        Chain = Mix(Mix(Chain, (ulong)position.Value), ((ulong)digest << 1) | (tookEffect ? 1UL : 0UL)),
        LastPosition = position.Value,
    };

    public static ulong Mix(ulong a, ulong b)
    {
        unchecked
        {
            ulong z = (BitOperations.RotateLeft(a, 23) ^ b) * 0x9E3779B97F4A7C15;
            return z ^ (z >> 29);
        }
    }
}

using System.Buffers.Binary;
using System.Numerics;
using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// The 64-bit hash of keys in filters and of content in state hashes: eight bytes at a time, multiplied by an odd constant and
/// folded, with a final avalanche. Its values are on disk: it never changes.
/// </summary>
internal static class KeyHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private const ulong FinalMultiplier = 0xD6E8FEB86659FD93;

    public static ulong Of(ReadOnlySpan<byte> bytes) => Of(bytes, 0);

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        unchecked
        {
            ulong hash = seed ^ ((ulong)bytes.Length * Multiplier);
            while (bytes.Length >= 8)
            {
                hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                bytes = bytes[8..];
            }

            if (bytes.Length > 0)
            {
                ulong rest = 0;
                for (int i = bytes.Length - 1; i >= 0; i--)
                {
                    rest = (rest << 8) | bytes[i];
                }

                hash = Fold(hash ^ rest);
            }

            hash ^= hash >> 32;
            hash *= FinalMultiplier;
            hash ^= hash >> 32;
            hash *= FinalMultiplier;
            return hash ^ (hash >> 32);
        }
    }

    private static ulong Fold(ulong word)
    {
        ulong product = unchecked(word * Multiplier);
        return product ^ BitOperations.RotateLeft(product, 29) ^ (product >> 32);
    }
}

/// <summary>
/// A Bloom filter (Bloom, 1970) with the probes of double hashing (Kirsch and Mitzenmacher, "Less hashing, same performance",
/// 2006): says "certainly not here" for all but about 1 % of the keys that a table does not hold, at 10 bits per key.
/// <code>
/// probes: u8 | bits, at least 8 bytes
/// </code>
/// </summary>
internal sealed class BloomFilter
{
    private const int MaxProbes = 30;
    private const int MinBytes = 8;
    private const int MaxBytes = 1 << 28;

    private readonly byte[] _bytes;

    private BloomFilter(byte[] bytes)
    {
        _bytes = bytes;
    }

    /// <summary>Null when the bytes are not a filter.</summary>
    public static BloomFilter? Parse(byte[] bytes) =>
        bytes.Length is > MinBytes and <= MaxBytes && bytes[0] is >= 1 and <= MaxProbes ? new BloomFilter(bytes) : null;

    public static void Build(List<ulong> hashes, int bitsPerKey, ByteBuffer output)
    {
        // 0.69 bits set of each two is the best there is: ln 2 times the bits per key.
        int probes = Math.Clamp((int)(bitsPerKey * 0.69), 1, MaxProbes);
        int bytes = (int)Math.Clamp(((long)hashes.Count * bitsPerKey) / 8, MinBytes, MaxBytes - 1);
        output.Byte((byte)probes);
        Span<byte> bits = output.GetSpan(bytes)[..bytes];
        bits.Clear();
        output.Advance(bytes);
        foreach (ulong hash in hashes)
        {
            ulong probe = hash;
            ulong step = BitOperations.RotateLeft(hash, 32) | 1;
            for (int i = 0; i < probes; i++)
            {
                uint bit = Place(probe, bytes);
                bits[(int)(bit >> 3)] |= (byte)(1 << (int)(bit & 7));
                probe = unchecked(probe + step);
            }
        }
    }

    public bool MayContain(ulong hash)
    {
        ReadOnlySpan<byte> bits = _bytes.AsSpan(1);
        ulong probe = hash;
        ulong step = BitOperations.RotateLeft(hash, 32) | 1;
        for (int i = _bytes[0]; i > 0; i--)
        {
            uint bit = Place(probe, bits.Length);
            if ((bits[(int)(bit >> 3)] & (1 << (int)(bit & 7))) == 0)
            {
                return false;
            }

            probe = unchecked(probe + step);
        }

        return true;
    }

    private static uint Place(ulong probe, int bytes) => (uint)Math.BigMul(probe, (ulong)bytes * 8, out _);
}

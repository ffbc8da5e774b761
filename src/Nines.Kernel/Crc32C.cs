using System.Buffers.Binary;
using System.Numerics;

namespace Nines.Kernel;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), computed by the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => Finish(Add(Start, bytes));

    /// <summary>The state before the first byte, for a checksum over several pieces.</summary>
    public const uint Start = 0xFFFFFFFF;

    public static uint Finish(uint state) => ~state;

    public static uint Add(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }
}

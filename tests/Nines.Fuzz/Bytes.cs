using System.Buffers.Binary;
using System.Text;
using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>Inputs from encoders and texts.</summary>
internal static class Bytes
{
    public static byte[] Of(Action<ByteBuffer> write)
    {
        var buffer = new ByteBuffer();
        write(buffer);
        return buffer.ToArray();
    }

    public static byte[] Of(string text) => Encoding.UTF8.GetBytes(text);

    public static IReadOnlyList<byte[]> OfAll(params IEnumerable<string> texts) => [.. texts.Select(Of)];

    /// <summary>Writes a checksum at an offset, over everything behind it.</summary>
    public static void MendFront(Span<byte> input)
    {
        if (input.Length >= 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input, Crc32C.Of(input[4..]));
        }
    }

    /// <summary>Writes a checksum into the last four bytes, over everything before.</summary>
    public static void MendBack(Span<byte> input)
    {
        if (input.Length >= 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input[^4..], Crc32C.Of(input[..^4]));
        }
    }

    /// <summary>Two byte strings as one input: the length of the first, then both.</summary>
    public static byte[] Pair(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        byte[] both = new byte[4 + first.Length + second.Length];
        BinaryPrimitives.WriteInt32LittleEndian(both, first.Length);
        first.CopyTo(both.AsSpan(4));
        second.CopyTo(both.AsSpan(4 + first.Length));
        return both;
    }

    /// <summary>Any bytes as two byte strings.</summary>
    public static int Split(ReadOnlySpan<byte> both) =>
        both.Length < 4 ? both.Length : 4 + (int)(BinaryPrimitives.ReadUInt32LittleEndian(both) % (uint)(both.Length - 3));
}

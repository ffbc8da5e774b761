using System.Buffers;
using System.Buffers.Binary;

namespace Nines.Kernel;

/// <summary>
/// A growing byte buffer that is cleared and used again, and the house's encoder: little-endian fixed widths,
/// LEB128 varints, length-prefixed byte strings. Owned by one writer; <see cref="Written"/> is valid until the next write.
/// </summary>
public sealed class ByteBuffer(int capacity = 256) : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Drops what was written behind <paramref name="length"/>.</summary>
    public void Rewind(int length)
    {
        Invariant.Assert(length >= 0 && length <= Length);
        Length = length;
    }

    public byte[] ToArray() => Written.ToArray();

    public void Advance(int count)
    {
        Invariant.Assert(count >= 0 && count <= _bytes.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    /// <summary>Writable access to bytes written before, for lengths and checksums that are known late.</summary>
    public Span<byte> Patch(int offset, int count)
    {
        Invariant.Assert(offset >= 0 && count >= 0 && offset + count <= Length);
        return _bytes.AsSpan(offset, count);
    }

    public void Byte(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
    }

    /// <summary>Unsigned LEB128, 1 to 10 bytes.</summary>
    public void Varint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _bytes[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[Length++] = (byte)value;
    }

    /// <summary>A number that is never negative, as <see cref="Varint"/>.</summary>
    public void Count(long value)
    {
        Invariant.Assert(value >= 0);
        Varint((ulong)value);
    }

    /// <summary>The bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>A length-prefixed byte string.</summary>
    public void Blob(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        Raw(bytes);
    }

    /// <summary>A length-prefixed UTF-8 string.</summary>
    public void Text(string text)
    {
        int size = System.Text.Encoding.UTF8.GetByteCount(text);
        Varint((ulong)size);
        System.Text.Encoding.UTF8.GetBytes(text, Take(size));
    }

    private Span<byte> Take(int count)
    {
        Reserve(count);
        Span<byte> span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(checked(Length + count), checked(_bytes.Length * 2)));
        }
    }
}

/// <summary>
/// The decoder beside <see cref="ByteBuffer"/>. It never throws and never reads past the end: the first malformed field
/// sets <see cref="Failed"/>, after which every read gives zero or empty. Check <see cref="Failed"/> once, at the end.
/// Lengths are checked against what is left before anything is allocated.
/// </summary>
public ref struct ByteReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _bytes;

    public ByteReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
    }

    /// <summary>Reads from memory, so that <see cref="BlobMemory"/> can hand out slices without copying.</summary>
    public ByteReader(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        _bytes = memory.Span;
    }

    public int Offset { get; private set; }

    public bool Failed { get; private set; }

    public readonly int Left => _bytes.Length - Offset;

    /// <summary>All was read and nothing was malformed.</summary>
    public readonly bool IsComplete => !Failed && Left == 0;

    public void Fail()
    {
        Failed = true;
        Offset = _bytes.Length;
    }

    public byte Byte() => Need(1) ? _bytes[Offset++] : (byte)0;

    public uint Fixed32()
    {
        if (!Need(4))
        {
            return 0;
        }

        uint value = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[Offset..]);
        Offset += 4;
        return value;
    }

    public ulong Fixed64()
    {
        if (!Need(8))
        {
            return 0;
        }

        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[Offset..]);
        Offset += 8;
        return value;
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (!Need(1))
            {
                return 0;
            }

            byte b = _bytes[Offset++];
            if (shift == 63 && b > 1)
            {
                break;
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        Fail();
        return 0;
    }

    /// <summary>A number that is never negative; larger than long.MaxValue is malformed.</summary>
    public long Count()
    {
        ulong value = Varint();
        if (value > long.MaxValue)
        {
            Fail();
            return 0;
        }

        return (long)value;
    }

    /// <summary>A count of things of at least <paramref name="bytesEach"/> bytes that must still fit in what is left.</summary>
    public int Items(int bytesEach)
    {
        ulong value = Varint();
        if (value > (ulong)(Left / Math.Max(1, bytesEach)))
        {
            Fail();
            return 0;
        }

        return (int)value;
    }

    public ReadOnlySpan<byte> Raw(int count)
    {
        if (!Need(count))
        {
            return default;
        }

        ReadOnlySpan<byte> span = _bytes.Slice(Offset, count);
        Offset += count;
        return span;
    }

    public ReadOnlySpan<byte> Blob() => Raw(Items(1));

    /// <summary>A length-prefixed slice of the memory this reader was made over; shares it, copies nothing.</summary>
    public ReadOnlyMemory<byte> BlobMemory()
    {
        int count = Items(1);
        if (!Need(count))
        {
            return default;
        }

        Invariant.Assert(_memory.Length == _bytes.Length);
        ReadOnlyMemory<byte> slice = _memory.Slice(Offset, count);
        Offset += count;
        return slice;
    }

    public string Text() => System.Text.Encoding.UTF8.GetString(Blob());

    private bool Need(int count)
    {
        if (count < 0 || Left < count)
        {
            Fail();
            return false;
        }

        return true;
    }
}

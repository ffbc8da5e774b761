using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>
/// Makes inputs: a tenth are random bytes, the others valid ones with one to six kinds of damage each. Of formats with checksums half are
/// mended afterwards, so that what lies behind the checksum is met.
/// </summary>
internal sealed class Mutator
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 0x7E, 0x7F, 0x80, 0x81, 0xFF, 0x100, 0x3FFF, 0x4000, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFE, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFFE, 0xFFFF_FFFF, 0x1_0000_0000, 0x1FFF_FFFF_FFFF_FFFF, 0x2000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFE, 0x7FFF_FFFF_FFFF_FFFF,
        0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFE, 0xFFFF_FFFF_FFFF_FFFF,
    ];

    private readonly ByteBuffer _varint = new(16);
    private byte[] _bytes = new byte[4096];
    private int _length;

    public byte[] Next(Prng random, FuzzTarget target)
    {
        bool fromNothing = target.Corpus.Count == 0 || random.Below(10) == 0;
        if (fromNothing)
        {
            _length = 0;
            Reserve(4096);
            _length = random.Below(random.Below(8) == 0 ? 2048 : 64);
            random.Fill(_bytes.AsSpan(0, _length));
        }
        else
        {
            Load(random.Pick(target.Corpus));
            int damages = random.Below(16) == 0 ? 0 : 1 + (random.Below(2) == 0 ? 0 : random.Below(6));
            for (int i = 0; i < damages; i++)
            {
                Damage(random, target);
            }
        }

        _length = Math.Min(_length, target.MaxBytes);
        byte[] input = _bytes.AsSpan(0, _length).ToArray();
        if (target.HasChecksums && random.Below(2) == 0)
        {
            target.Mend(input);
        }

        return input;
    }

    private void Damage(Prng random, FuzzTarget target)
    {
        int at = random.Below(_length + 1);
        switch (random.Below(target.Pieces.Count > 0 ? 14 : 10))
        {
            case 0:
                Change(at, b => b ^ (1 << random.Below(8)));
                break;
            case 1:
                Change(at, _ => random.Below(256));
                break;
            case 2:
                _length = at;
                break;
            case 3:
                Remove(at, 1 + random.Below(random.Below(4) == 0 ? 64 : 8));
                break;
            case 4:
                Repeat(random, at);
                break;
            case 5:
                Splice(random, target, at);
                break;
            case 6:
                OverwriteNumber(random, at);
                break;
            case 7:
                InsertNumber(random, at);
                break;
            case 8:
                Inflate(random, at);
                break;
            case 9:
                byte value = (byte)(random.Below(2) == 0 ? 0 : 0xFF);
                int end = Math.Min(_length, at + 1 + random.Below(16));
                _bytes.AsSpan(at, end - at).Fill(value);
                break;
            default:
                Insert(at, random.Pick(target.Pieces));
                break;
        }
    }

    private void Change(int at, Func<int, int> change)
    {
        if (at < _length)
        {
            _bytes[at] = (byte)change(_bytes[at]);
        }
    }

    private void Repeat(Prng random, int at)
    {
        int from = random.Below(_length + 1);
        Insert(at, _bytes.AsSpan(from, Math.Min(1 + random.Below(16), _length - from)).ToArray());
    }

    /// <summary>The beginning of this input and the end of another valid one.</summary>
    private void Splice(Prng random, FuzzTarget target, int at)
    {
        byte[] other = random.Pick(target.Corpus);
        int from = random.Below(other.Length + 1);
        _length = at;
        Insert(at, other.AsSpan(from));
    }

    private void OverwriteNumber(Prng random, int at)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, Interesting[random.Below(Interesting.Length)]);
        int size = Math.Min(1 << random.Below(4), _length - at);
        number[..size].CopyTo(_bytes.AsSpan(at));
    }

    private void InsertNumber(Prng random, int at)
    {
        _varint.Clear();
        _varint.Varint(Interesting[random.Below(Interesting.Length)]);
        Insert(at, _varint.Written);
    }

    /// <summary>A length or count that says more, or less, than there is.</summary>
    private void Inflate(Prng random, int at)
    {
        Change(at, b => b + random.Below(9) - 4);
        if (random.Below(4) == 0)
        {
            // One byte of a varint becomes several.
            Change(at, b => b | 0x80);
            Insert(Math.Min(at + 1, _length), [(byte)random.Below(random.Below(2) == 0 ? 128 : 256)]);
        }
    }

    private void Load(ReadOnlySpan<byte> bytes)
    {
        _length = 0;
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes);
        _length = bytes.Length;
    }

    private void Remove(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _bytes.AsSpan((at + count).._length).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(at));
        _length += bytes.Length;
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _length < more)
        {
            Array.Resize(ref _bytes, Math.Max(_length + more, _bytes.Length * 2));
        }
    }
}

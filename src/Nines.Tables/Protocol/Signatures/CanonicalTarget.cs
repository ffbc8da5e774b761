using System.Globalization;
using Nines.Kernel;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>
/// Path and query in canonical form. The path is made short (no <c>.</c>, <c>..</c>, <c>//</c>) and encoded as it was sent, so that what is
/// encoded in it already is encoded twice, as for every service but S3. The query is sorted, and encoded once.
/// </summary>
internal static class CanonicalTarget
{
    public static void Write(ByteBuffer to, ReadOnlySpan<byte> target)
    {
        int scheme = target.StartsWith("/"u8) ? -1 : target.IndexOf("://"u8);
        if (scheme >= 0)
        {
            // The form for proxies (RFC 9112, section 3.2.2).
            ReadOnlySpan<byte> rest = target[(scheme + 3)..];
            int start = rest.IndexOfAny((byte)'/', (byte)'?');
            target = start < 0 ? default : rest[start..];
        }

        int question = target.IndexOf((byte)'?');
        Path(to, question < 0 ? target : target[..question]);
        to.Byte((byte)'\n');
        if (question >= 0)
        {
            Query(to, target[(question + 1)..]);
        }
    }

    private static void Path(ByteBuffer to, ReadOnlySpan<byte> path)
    {
        int start = to.Length;
        bool isFolder = true;
        foreach (Range range in path.Split((byte)'/'))
        {
            ReadOnlySpan<byte> segment = path[range];
            isFolder = segment.IsEmpty || segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8);
            if (segment.SequenceEqual(".."u8))
            {
                int parent = to.Written[start..].LastIndexOf((byte)'/');
                to.Rewind(start + Math.Max(parent, 0));
            }
            else if (!isFolder)
            {
                to.Byte((byte)'/');
                Encode(to, segment);
            }
        }

        if (isFolder)
        {
            to.Byte((byte)'/');
        }
    }

    private static void Query(ByteBuffer to, ReadOnlySpan<byte> query)
    {
        var pairs = new List<(byte[] Name, byte[] Value)>();
        var encoded = new ByteBuffer();
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            int equals = pair.IndexOf((byte)'=');
            byte[] name = Encoded(encoded, equals < 0 ? pair : pair[..equals]);
            pairs.Add((name, equals < 0 ? [] : Encoded(encoded, pair[(equals + 1)..])));
        }

        pairs.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name) is var order and not 0
            ? order
            : a.Value.AsSpan().SequenceCompareTo(b.Value));
        for (int i = 0; i < pairs.Count; i++)
        {
            to.Raw(i == 0 ? default : "&"u8);
            to.Raw(pairs[i].Name);
            to.Byte((byte)'=');
            to.Raw(pairs[i].Value);
        }
    }

    /// <summary>Encoded anew, whatever of it was encoded and how.</summary>
    private static byte[] Encoded(ByteBuffer buffer, ReadOnlySpan<byte> text)
    {
        buffer.Clear();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                Encode(buffer, [value]);
                i += 2;
            }
            else
            {
                Encode(buffer, text.Slice(i, 1));
            }
        }

        return buffer.ToArray();
    }

    private static void Encode(ByteBuffer to, ReadOnlySpan<byte> text)
    {
        foreach (byte b in text)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
            {
                to.Byte(b);
                continue;
            }

            to.Byte((byte)'%');
            to.Byte("0123456789ABCDEF"u8[b >> 4]);
            to.Byte("0123456789ABCDEF"u8[b & 15]);
        }
    }
}

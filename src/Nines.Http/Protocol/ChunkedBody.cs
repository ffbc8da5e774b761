namespace Nines.Http.Protocol;

/// <summary>
/// A body in chunks (RFC 9112, section 7.1), decoded in place: the data moves to the front of what was received, piece after piece, over
/// the sizes that stood between. Extensions and trailers are checked for their form and dropped.
/// </summary>
public struct ChunkedBody
{
    private const int MaxSizeDigits = 8;
    private const int MaxLineBytes = 1024;
    private const int MaxTrailerBytes = 8 * 1024;

    /// <summary>What may lie behind the decoded bytes without being understood: a line that is not whole.</summary>
    public const int MaxPendingBytes = MaxLineBytes + 2;

    /// <summary>A part was understood and the next one may be there.</summary>
    private const int Again = 2;

    private Part _part;
    private int _left;
    private long _announced;
    private int _trailerBytes;

    private enum Part
    {
        Size,
        Data,
        DataEnd,
        Trailer,
    }

    /// <summary>Takes what has arrived.</summary>
    /// <param name="buffer">Decoded bytes, then the received ones.</param>
    /// <param name="written">Where the decoded bytes end.</param>
    /// <param name="read">Where the received bytes begin; moves on with what was understood.</param>
    /// <param name="maxBytes">The body's bound.</param>
    /// <returns>1: the body is complete. 0: more is needed. Negative: the status to refuse it with.</returns>
    public int Decode(Span<byte> buffer, ref int written, ref int read, long maxBytes)
    {
        int result;
        do
        {
            result = _part switch
            {
                Part.Size => ReadSize(buffer, ref read, maxBytes),
                Part.Data => MoveData(buffer, ref written, ref read),
                Part.DataEnd => ReadDataEnd(buffer, ref read),
                Part.Trailer => ReadTrailer(buffer, ref read),
            };
        }
        while (result == Again);
        return result;
    }

    private int ReadSize(ReadOnlySpan<byte> buffer, ref int read, long maxBytes)
    {
        int line = LineAt(buffer, read);
        if (line <= 0)
        {
            return line;
        }

        ReadOnlySpan<byte> text = buffer.Slice(read, line - 2);
        int digits = 0;
        int size = 0;
        while (digits <= MaxSizeDigits && digits < text.Length && HexOf(text[digits]) is var digit and >= 0)
        {
            size = (size << 4) | digit;
            digits++;
        }

        if (digits is 0 or > MaxSizeDigits || size < 0 || !IsExtension(text[digits..]))
        {
            return -400;
        }

        // The bound holds for what is announced, before a byte of it is kept.
        _announced += size;
        if (_announced > maxBytes)
        {
            return -413;
        }

        read += line;
        _left = size;
        _part = size == 0 ? Part.Trailer : Part.Data;
        return Again;
    }

    private int MoveData(Span<byte> buffer, ref int written, ref int read)
    {
        int count = Math.Min(_left, buffer.Length - read);
        buffer.Slice(read, count).CopyTo(buffer[written..]);
        read += count;
        written += count;
        _left -= count;
        if (_left > 0)
        {
            return 0;
        }

        _part = Part.DataEnd;
        return Again;
    }

    private int ReadDataEnd(ReadOnlySpan<byte> buffer, ref int read)
    {
        if (buffer.Length - read < 2)
        {
            return 0;
        }

        if (!buffer.Slice(read, 2).SequenceEqual("\r\n"u8))
        {
            return -400;
        }

        read += 2;
        _part = Part.Size;
        return Again;
    }

    private int ReadTrailer(ReadOnlySpan<byte> buffer, ref int read)
    {
        int line = LineAt(buffer, read);
        if (line <= 0)
        {
            return line;
        }

        read += line;
        _trailerBytes += line;
        return line == 2 ? 1 : _trailerBytes > MaxTrailerBytes ? -431 : Again;
    }

    /// <summary>Nothing, or what a semicolon begins: digits after a blank would be a second size for somebody else.</summary>
    private static bool IsExtension(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t"u8);
        return text.IsEmpty || text[0] == ';';
    }

    /// <summary>The length of the line with its end; 0 when it is not whole; negative when it never will be good.</summary>
    private static int LineAt(ReadOnlySpan<byte> buffer, int read)
    {
        ReadOnlySpan<byte> rest = buffer[read..];
        int end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            return rest.Length > MaxLineBytes ? -400 : 0;
        }

        return end == 0 || rest[end - 1] != '\r' || end > MaxLineBytes || rest[..(end - 1)].Contains((byte)'\r') ? -400 : end + 1;
    }

    private static int HexOf(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}

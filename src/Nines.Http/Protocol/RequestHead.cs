using System.Buffers;
using System.Buffers.Text;

namespace Nines.Http.Protocol;

/// <summary>
/// The head of an HTTP/1 request (RFC 9112): parsed in place, as strict as the RFC allows, because whatever two programs on the way
/// read differently smuggles requests. Reused for each request of a connection.
/// </summary>
public sealed class RequestHead
{
    /// <summary>No method in use is longer.</summary>
    private const int MaxMethodBytes = 32;

    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> BadInValue = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 0x7F]);

    private static readonly SearchValues<byte> BadInTarget = SearchValues.Create(
        [.. Enumerable.Range(0, 256).Where(b => b is <= 0x20 or >= 0x7F).Select(b => (byte)b)]);

    private readonly Field[] _fields = new Field[HttpLimits.MaxHeaders];
    private int _count;
    private Range _method;
    private Range _target;
    private int _hosts;
    private bool _isVersion10;
    private bool _closes;
    private bool _keeps;

    /// <summary>The length of a body of known size; 0 for none.</summary>
    public long ContentLength { get; private set; }

    public bool HasContentLength { get; private set; }

    /// <summary>The body comes in chunks (section 7.1).</summary>
    public bool IsChunked { get; private set; }

    /// <summary>The client waits for "100 Continue" before it sends the body.</summary>
    public bool ExpectsContinue { get; private set; }

    /// <summary>The connection stays open after the answer.</summary>
    public bool KeepsAlive => _isVersion10 ? _keeps && !_closes : !_closes;

    public bool IsVersion10 => _isVersion10;

    /// <summary>The method within the bytes that were parsed.</summary>
    public ReadOnlySpan<byte> Method(ReadOnlySpan<byte> head) => head[_method];

    public ReadOnlySpan<byte> Target(ReadOnlySpan<byte> head) => head[_target];

    public bool TryGet(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _count; i++)
        {
            ref readonly Field field = ref _fields[i];
            if (field.NameLength == name.Length
                && System.Text.Ascii.EqualsIgnoreCase(head.Slice(field.Name, field.NameLength), name))
            {
                value = head.Slice(field.Value, field.ValueLength);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Parses a head that begins with the first byte.</summary>
    /// <returns>Its length with the empty line; 0 when more is needed; a status to refuse it with, negative.</returns>
    public int Parse(ReadOnlySpan<byte> bytes)
    {
        // An empty line before a request is from a client that ended the one before with too much (section 2.2).
        int start = bytes.StartsWith("\r\n"u8) ? 2 : 0;
        int end = bytes[start..].IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return bytes.Length > HttpLimits.MaxHeaderBytes ? -431 : 0;
        }

        int length = start + end + 4;
        if (length > HttpLimits.MaxHeaderBytes)
        {
            return -431;
        }

        Clear();
        int lineEnd = start + bytes[start..].IndexOf("\r\n"u8);
        int refused = ParseRequestLine(bytes[..lineEnd], start);
        int at = lineEnd + 2;
        while (refused == 0 && at < length - 2)
        {
            lineEnd = at + bytes[at..].IndexOf("\r\n"u8);
            refused = ParseField(bytes[..lineEnd], at);
            at = lineEnd + 2;
        }

        refused = refused == 0 ? CheckFraming() : refused;
        return refused == 0 ? length : -refused;
    }

    private void Clear()
    {
        _count = 0;
        _hosts = 0;
        _isVersion10 = _closes = _keeps = false;
        ContentLength = 0;
        HasContentLength = IsChunked = ExpectsContinue = false;
    }

    private int ParseRequestLine(ReadOnlySpan<byte> line, int start)
    {
        int method = line[start..].IndexOf((byte)' ');
        int version = line.LastIndexOf((byte)' ');
        if (method is <= 0 or > MaxMethodBytes || start + method >= version)
        {
            return 400;
        }

        _method = start..(start + method);
        _target = (start + method + 1)..version;
        if (line[_method].ContainsAnyExcept(TokenBytes) || line[_target].IsEmpty || line[_target].ContainsAny(BadInTarget))
        {
            return 400;
        }

        ReadOnlySpan<byte> name = line[(version + 1)..];
        _isVersion10 = name.SequenceEqual("HTTP/1.0"u8);
        return _isVersion10 || name.SequenceEqual("HTTP/1.1"u8) ? 0 : name.StartsWith("HTTP/"u8) ? 505 : 400;
    }

    private int ParseField(ReadOnlySpan<byte> line, int at)
    {
        if (_count == _fields.Length)
        {
            return 431;
        }

        // A line that begins with a blank would continue the one before (obs-fold, section 5.2); a blank before the colon is the classic
        // way to hide a field. Both fail the check of the name.
        int nameLength = line[at..].IndexOf((byte)':');
        if (nameLength <= 0 || line.Slice(at, nameLength).ContainsAnyExcept(TokenBytes))
        {
            return 400;
        }

        int value = at + nameLength + 1;
        int end = line.Length;
        while (value < end && line[value] is (byte)' ' or (byte)'\t')
        {
            value++;
        }

        while (end > value && line[end - 1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }

        if (line[value..end].ContainsAny(BadInValue))
        {
            return 400;
        }

        _fields[_count++] = new Field(at, nameLength, value, end - value);
        return Notice(line.Slice(at, nameLength), line[value..end]);
    }

    /// <summary>What the server itself must know of a field.</summary>
    private int Notice(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 4 when Is(name, "host"u8):
                _hosts++;
                return _hosts > 1 ? 400 : 0;
            case 6 when Is(name, "expect"u8):
                ExpectsContinue = Is(value, "100-continue"u8);
                return ExpectsContinue ? 0 : 417;
            case 10 when Is(name, "connection"u8):
                NoticeConnection(value);
                return 0;
            case 14 when Is(name, "content-length"u8):
                return NoticeLength(value);
            case 17 when Is(name, "transfer-encoding"u8):
                // Twice, or anything but chunked alone: nobody agrees what it means (section 6.1).
                bool first = !IsChunked;
                IsChunked = Is(value, "chunked"u8);
                return IsChunked && first ? 0 : first ? 501 : 400;
            default:
                return 0;
        }
    }

    private int NoticeLength(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long length, out int used) || used != value.Length)
        {
            return 400;
        }

        bool differs = HasContentLength && length != ContentLength;
        HasContentLength = true;
        ContentLength = length;
        return differs ? 400 : 0;
    }

    private void NoticeConnection(ReadOnlySpan<byte> value)
    {
        foreach (Range part in value.Split((byte)','))
        {
            ReadOnlySpan<byte> option = value[part].Trim(" \t"u8);
            _closes |= Is(option, "close"u8);
            _keeps |= Is(option, "keep-alive"u8);
        }
    }

    private int CheckFraming() =>
        IsChunked && (HasContentLength || _isVersion10) ? 400
        : _hosts == 0 && !_isVersion10 ? 400
        : 0;

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected) =>
        System.Text.Ascii.EqualsIgnoreCase(text, expected);

    private readonly record struct Field(int Name, int NameLength, int Value, int ValueLength);
}

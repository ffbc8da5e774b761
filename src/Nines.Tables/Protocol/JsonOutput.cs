using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Nines.Kernel;

namespace Nines.Tables.Protocol;

/// <summary>Writes JSON into a buffer, with commas where they belong. The caller balances objects and arrays.</summary>
internal struct JsonOutput(ByteBuffer buffer)
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private bool _needsComma;

    public readonly ByteBuffer Buffer => buffer;

    public void BeginObject() => Open((byte)'{');

    public void EndObject() => Close((byte)'}');

    public void BeginArray() => Open((byte)'[');

    public void EndArray() => Close((byte)']');

    /// <summary>A member's name that needs no escapes.</summary>
    public void Name(ReadOnlySpan<byte> plain)
    {
        Comma();
        buffer.Byte((byte)'"');
        buffer.Raw(plain);
        buffer.Raw("\":"u8);
        _needsComma = false;
    }

    /// <summary>A member's name of any characters.</summary>
    public void AnyName(string name)
    {
        Comma();
        Quote(name);
        buffer.Byte((byte)':');
        _needsComma = false;
    }

    /// <summary>A member's name of any characters, as UTF-8.</summary>
    public void AnyName(ReadOnlySpan<byte> utf8)
    {
        Comma();
        Quote(utf8);
        buffer.Byte((byte)':');
        _needsComma = false;
    }

    public void Value(string text)
    {
        Comma();
        Quote(text);
        _needsComma = true;
    }

    public void Value(ReadOnlySpan<byte> utf8)
    {
        Comma();
        Quote(utf8);
        _needsComma = true;
    }

    public void Value(bool truth)
    {
        Comma();
        buffer.Raw(truth ? "true"u8 : "false"u8);
        _needsComma = true;
    }

    public void Value(long number)
    {
        Comma();
        Span<byte> space = buffer.GetSpan(20);
        _ = Utf8Formatter.TryFormat(number, space, out int written);
        buffer.Advance(written);
        _needsComma = true;
    }

    /// <summary>A decimal number without exponent, with one place at least, as capacity units and times are written.</summary>
    public void Value(decimal number)
    {
        Comma();
        Span<byte> space = buffer.GetSpan(40);
        _ = number.TryFormat(space, out int written, "0.0##", CultureInfo.InvariantCulture);
        buffer.Advance(written);
        _needsComma = true;
    }

    /// <summary>Bytes as base 64.</summary>
    public void Base64Value(ReadOnlySpan<byte> bytes)
    {
        Comma();
        buffer.Byte((byte)'"');
        Span<byte> space = buffer.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        _ = Base64.EncodeToUtf8(bytes, space, out _, out int written);
        buffer.Advance(written);
        buffer.Byte((byte)'"');
        _needsComma = true;
    }

    private void Open(byte bracket)
    {
        Comma();
        buffer.Byte(bracket);
        _needsComma = false;
    }

    private void Close(byte bracket)
    {
        buffer.Byte(bracket);
        _needsComma = true;
    }

    private readonly void Comma()
    {
        if (_needsComma)
        {
            buffer.Byte((byte)',');
        }
    }

    private readonly void Quote(string text)
    {
        Span<byte> small = stackalloc byte[256];
        if (text.Length * 3 <= small.Length)
        {
            Quote(small[..Encoding.UTF8.GetBytes(text, small)]);
        }
        else
        {
            Quote(Encoding.UTF8.GetBytes(text));
        }
    }

    private readonly void Quote(ReadOnlySpan<byte> utf8)
    {
        buffer.Byte((byte)'"');
        int at;
        while ((at = utf8.IndexOfAny(Escaped)) >= 0)
        {
            buffer.Raw(utf8[..at]);
            Escape(utf8[at]);
            utf8 = utf8[(at + 1)..];
        }

        buffer.Raw(utf8);
        buffer.Byte((byte)'"');
    }

    private readonly void Escape(byte character)
    {
        switch (character)
        {
            case (byte)'"':
                buffer.Raw("\\\""u8);
                break;
            case (byte)'\\':
                buffer.Raw("\\\\"u8);
                break;
            case (byte)'\n':
                buffer.Raw("\\n"u8);
                break;
            case (byte)'\r':
                buffer.Raw("\\r"u8);
                break;
            case (byte)'\t':
                buffer.Raw("\\t"u8);
                break;
            default:
                const string Hex = "0123456789abcdef";
                buffer.Raw("\\u00"u8);
                buffer.Byte((byte)Hex[character >> 4]);
                buffer.Byte((byte)Hex[character & 0xF]);
                break;
        }
    }
}

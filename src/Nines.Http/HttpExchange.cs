namespace Nines.Http;

/// <summary>Answers one request; called once for each, and done when the answer was given with <see cref="HttpExchange.Answer"/>.</summary>
public delegate ValueTask HttpHandler(HttpExchange exchange);

/// <summary>
/// One request and its answer. The request is valid until the handler is done. Not for several threads at once, and not to be kept:
/// the next request on the connection uses the same object.
/// </summary>
public abstract class HttpExchange
{
    /// <summary>As sent: methods are case-sensitive (RFC 9110, section 9.1).</summary>
    public abstract ReadOnlySpan<byte> Method { get; }

    /// <summary>Path and query as sent.</summary>
    public abstract ReadOnlySpan<byte> Target { get; }

    /// <summary>The whole body, as sent: decompression is the handler's.</summary>
    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>The value of the first field of that name, without blanks around it; false when there is none.</summary>
    /// <param name="name">In any case.</param>
    /// <param name="value">Bytes as sent; ISO 8859-1 where they are not ASCII.</param>
    public abstract bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value);

    /// <summary>Adds a field to the answer. Name and value are trusted: they come from the program, not from a client.</summary>
    public abstract void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Gives the answer, whole; length, date and connection fields are added. Once for each request. Copies the body.</summary>
    public abstract void Answer(int status, ReadOnlySpan<byte> body);

    /// <summary>An empty span for a field that is not there.</summary>
    public ReadOnlySpan<byte> Header(ReadOnlySpan<byte> name) => TryGetHeader(name, out ReadOnlySpan<byte> value) ? value : default;

    /// <summary>Adds a field with a number.</summary>
    public void AddHeader(ReadOnlySpan<byte> name, long value)
    {
        Span<byte> text = stackalloc byte[20];
        _ = value.TryFormat(text, out int length, default, System.Globalization.CultureInfo.InvariantCulture);
        AddHeader(name, text[..length]);
    }

    /// <summary>Adds a field with ASCII text.</summary>
    public void AddHeader(ReadOnlySpan<byte> name, string value)
    {
        Span<byte> text = value.Length <= 512 ? stackalloc byte[value.Length] : new byte[value.Length];
        _ = System.Text.Encoding.Latin1.GetBytes(value, text);
        AddHeader(name, text);
    }
}

namespace Nines.Tables.Protocol.Signatures;

/// <summary>The value of a request's field, without blanks around it; those of a repeated one with commas between, or its first alone.</summary>
/// <param name="name">In any case.</param>
/// <param name="value">Bytes as sent.</param>
public delegate bool FieldLookup(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value);

/// <summary>A request, as far as a signature can cover it.</summary>
public readonly ref struct SignedRequest
{
    public required ReadOnlySpan<byte> Method { get; init; }

    /// <summary>Path and query as sent.</summary>
    public required ReadOnlySpan<byte> Target { get; init; }

    /// <summary>The body as sent: compressed when it is.</summary>
    public required ReadOnlySpan<byte> Body { get; init; }

    public required FieldLookup Fields { get; init; }
}

/// <summary>What a request claims of its signature: whose it is, of when, and what it covers.</summary>
public readonly ref struct SignatureClaim
{
    /// <summary>The access key's id.</summary>
    public required ReadOnlySpan<byte> KeyId { get; init; }

    /// <summary>What the signing key is good for: <c>date/region/dynamodb/aws4_request</c>.</summary>
    public required ReadOnlySpan<byte> Scope { get; init; }

    public required ReadOnlySpan<byte> Region { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long SignedAt { get; init; }

    /// <summary>Names of the fields that are signed, with semicolons between.</summary>
    public required ReadOnlySpan<byte> SignedHeaders { get; init; }

    /// <summary>64 hexadecimal digits, if it is one.</summary>
    public required ReadOnlySpan<byte> Signature { get; init; }
}

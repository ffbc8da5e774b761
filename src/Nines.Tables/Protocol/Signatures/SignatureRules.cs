using Nines.Tables.Model.Values;
using static Nines.Tables.Protocol.Signatures.SignatureErrors;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>
/// Everything that can be said of a request's signature without the secret, in the order DynamoDB looks at it. The region is anything: a cluster
/// has none, and clients write whatever they are configured with. It is part of the signing key all the same.
/// </summary>
public static class SignatureRules
{
    /// <summary>How far the clocks of client and server may be apart.</summary>
    public const int MaxSkewMinutes = 15;

    /// <summary>Each of them is looked up, and may be as long as a request's head.</summary>
    private const int MaxSignedHeaders = 100;

    private static ReadOnlySpan<byte> Service => "dynamodb"u8;

    /// <summary>Reads the signature of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="claim">What is left to be verified, when there is no error.</param>
    public static TableError? Read(in SignedRequest request, long now, out SignatureClaim claim)
    {
        claim = default;
        _ = request.Fields("authorization"u8, out ReadOnlySpan<byte> authorization);
        bool hasDate = request.Fields("x-amz-date"u8, out ReadOnlySpan<byte> date) || request.Fields("date"u8, out date);
        if (AuthorizationHeader.TryParse(authorization, hasDate, out AuthorizationHeader header) is { } malformed)
        {
            return malformed;
        }

        if (!AmazonTime.TryRead(date, out long signedAt))
        {
            return Incomplete(
                $"Date must be in ISO-8601 'basic format'. Got '{Text(date)}'. See http://en.wikipedia.org/wiki/ISO_8601");
        }

        return TimeError(signedAt, now)
            ?? SignedHeadersError(request, header.SignedHeaders)
            ?? (header.Algorithm.SequenceEqual(RequestSignature.Algorithm)
                ? null
                : Incomplete($"Unsupported AWS 'algorithm': '{Text(header.Algorithm)}' (only AWS4-HMAC-SHA256 for now). "))
            ?? ReadCredential(header, signedAt, out claim);
    }

    private static TableError? TimeError(long signedAt, long now)
    {
        const int Skew = MaxSkewMinutes * 60;
        return signedAt < now - Skew
            ? Invalid($"Signature expired: {AmazonTime.ToText(signedAt)} is now earlier than {AmazonTime.ToText(now - Skew)} "
                + $"({AmazonTime.ToText(now)} - {MaxSkewMinutes} min.)")
            : signedAt > now + Skew
                ? Invalid($"Signature not yet current: {AmazonTime.ToText(signedAt)} is still later than {AmazonTime.ToText(now + Skew)} "
                    + $"({AmazonTime.ToText(now)} + {MaxSkewMinutes} min.)")
                : null;
    }

    /// <summary>
    /// The host must be signed, as at DynamoDB, and so must the operation: it is a field, and nothing else in the request says what is to be done.
    /// </summary>
    private static TableError? SignedHeadersError(in SignedRequest request, ReadOnlySpan<byte> signedHeaders)
    {
        bool host = false;
        bool target = false;
        int count = 0;
        foreach (Range range in signedHeaders.Split((byte)';'))
        {
            host |= System.Text.Ascii.EqualsIgnoreCase(signedHeaders[range], "host"u8);
            target |= System.Text.Ascii.EqualsIgnoreCase(signedHeaders[range], "x-amz-target"u8);
            count++;
        }

        return !host ? NotSigned("Host")
            : !target && request.Fields("x-amz-target"u8, out _) ? NotSigned("X-Amz-Target")
            : count > MaxSignedHeaders ? Mismatch()
            : null;
    }

    private static TableError? ReadCredential(AuthorizationHeader header, long signedAt, out SignatureClaim claim)
    {
        claim = default;
        ReadOnlySpan<byte> credential = header.Credential.TrimEnd((byte)'/');
        Span<Range> parts = stackalloc Range[5];
        if (!TrySplit(credential, parts))
        {
            return Incomplete(
                $"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{Text(header.Credential)}'");
        }

        ReadOnlySpan<byte> day = credential[parts[1]];
        ReadOnlySpan<byte> region = credential[parts[2]];
        if (ScopeError(day, region, credential[parts[3]], credential[parts[4]], AmazonTime.ToText(signedAt)) is { Length: > 0 } wrong)
        {
            return Invalid(wrong);
        }

        claim = new SignatureClaim
        {
            KeyId = credential[parts[0]],
            Scope = credential[parts[1].Start..],
            Region = region,
            SignedAt = signedAt,
            SignedHeaders = header.SignedHeaders,
            Signature = header.Signature,
        };
        return null;
    }

    /// <summary>Whether there are as many parts as there is room for.</summary>
    private static bool TrySplit(ReadOnlySpan<byte> credential, Span<Range> parts)
    {
        int count = 0;
        foreach (Range range in credential.Split((byte)'/'))
        {
            if (count == parts.Length)
            {
                return false;
            }

            parts[count++] = range;
        }

        return count == parts.Length;
    }

    /// <summary>All that is wrong at once; empty when nothing is.</summary>
    private static string ScopeError(
        ReadOnlySpan<byte> day, ReadOnlySpan<byte> region, ReadOnlySpan<byte> service, ReadOnlySpan<byte> terminator, string signedAt) =>
        (region.IsEmpty ? "Credential should be scoped to a valid region, not ''. " : "")
        + (service.SequenceEqual(Service) ? "" : "Credential should be scoped to correct service: 'dynamodb'. ")
        + (terminator.SequenceEqual(RequestSignature.Terminator)
            ? ""
            : $"Credential should be scoped with a valid terminator: 'aws4_request', not '{Text(terminator)}'. ")
        + (Text(day) == signedAt[..AmazonTime.DayLength]
            ? ""
            : $"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{Text(day)}' != "
                + $"'{signedAt[..AmazonTime.DayLength]}', from '{signedAt}'.");
}

using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>
/// The parts of an <c>Authorization</c> field: <c>AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…</c>, in any order, with commas,
/// blanks or both between them. A part that comes twice counts as it came last.
/// </summary>
public readonly ref struct AuthorizationHeader
{
    public ReadOnlySpan<byte> Algorithm { get; private init; }

    public ReadOnlySpan<byte> Credential { get; private init; }

    public ReadOnlySpan<byte> SignedHeaders { get; private init; }

    public ReadOnlySpan<byte> Signature { get; private init; }

    /// <summary>Takes a field apart; nothing of what is in the parts is checked.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="hasDate">The request says when it was signed; when it does not, the error says that along with the rest.</param>
    /// <param name="header">The parts, when there is no error.</param>
    public static TableError? TryParse(ReadOnlySpan<byte> text, bool hasDate, out AuthorizationHeader header)
    {
        header = default;
        if (!text.StartsWith("AWS4-"u8))
        {
            return SignatureErrors.MissingToken();
        }

        int blank = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> algorithm = blank < 0 ? text : text[..blank];
        ReadOnlySpan<byte> credential = default;
        ReadOnlySpan<byte> signedHeaders = default;
        ReadOnlySpan<byte> signature = default;
        bool hasSignedHeaders = false;
        ReadOnlySpan<byte> rest = text[algorithm.Length..];
        foreach (Range range in rest.SplitAny(" ,\t"u8))
        {
            ReadOnlySpan<byte> part = rest[range];
            int equals = part.IndexOf((byte)'=');
            if (part.IsEmpty)
            {
                continue;
            }

            if (equals < 0)
            {
                return SignatureErrors.Incomplete(
                    $"'{SignatureErrors.Text(part)}' not a valid key=value pair (missing equal-sign) in Authorization header: '{SignatureErrors.Text(text)}'.");
            }

            ReadOnlySpan<byte> name = part[..equals];
            ReadOnlySpan<byte> value = part[(equals + 1)..];
            credential = name.SequenceEqual("Credential"u8) ? value : credential;
            signature = name.SequenceEqual("Signature"u8) ? value : signature;
            if (name.SequenceEqual("SignedHeaders"u8))
            {
                signedHeaders = value;
                hasSignedHeaders = true;
            }
        }

        header = new AuthorizationHeader
        {
            Algorithm = algorithm, Credential = credential, SignedHeaders = signedHeaders, Signature = signature,
        };
        return hasDate && hasSignedHeaders && !credential.IsEmpty && !signature.IsEmpty
            ? null
            : Missing(text, credential.IsEmpty, signature.IsEmpty, !hasSignedHeaders, !hasDate);
    }

    private static TableError Missing(ReadOnlySpan<byte> text, bool credential, bool signature, bool signedHeaders, bool date)
    {
        var message = new StringBuilder();
        message.Append(credential ? "Authorization header requires 'Credential' parameter. " : "");
        message.Append(signature ? "Authorization header requires 'Signature' parameter. " : "");
        message.Append(signedHeaders ? "Authorization header requires 'SignedHeaders' parameter. " : "");
        message.Append(date ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " : "");
        return SignatureErrors.Incomplete(message.Append("Authorization=").Append(SignatureErrors.Text(text)).ToString());
    }
}

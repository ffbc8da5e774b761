using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>What DynamoDB says, word for word, to a request whose signature is missing, malformed, too old or wrong. Always status 400.</summary>
public static class SignatureErrors
{
    private const string Prefix = "com.amazon.coral.service#";

    /// <summary>Not signed at all.</summary>
    public static TableError MissingToken() => new(Prefix + "MissingAuthenticationTokenException", "Request is missing Authentication Token");

    /// <summary>There is no such access key.</summary>
    public static TableError UnknownKey() =>
        new(Prefix + "UnrecognizedClientException", "The security token included in the request is invalid.");

    /// <summary>Signed with another secret, or changed since.</summary>
    public static TableError Mismatch() => Invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
        + "Consult the service documentation for details.");

    /// <summary>The field decides what is done and is not signed.</summary>
    public static TableError NotSigned(string field) => Invalid($"'{field}' must be a 'SignedHeader' in the AWS Authorization.");

    /// <summary>Something about the credential's scope, or the time, does not fit.</summary>
    public static TableError Invalid(string message) => new(Prefix + "InvalidSignatureException", message);

    /// <summary>The signature cannot be read.</summary>
    public static TableError Incomplete(string message) => new(Prefix + "IncompleteSignatureException", message);

    /// <summary>Bytes of a field as text.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}

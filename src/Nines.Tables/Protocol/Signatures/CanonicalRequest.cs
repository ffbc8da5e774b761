using System.Security.Cryptography;
using Nines.Kernel;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>
/// A request in the one form that both sides hash ("Create a signed AWS API request" in AWS's IAM user guide):
/// <code>
///   method \n path \n query \n { name:value \n } \n names of the signed fields \n hex(sha256(body))
/// </code>
/// </summary>
public static class CanonicalRequest
{
    /// <summary>Appends a request's canonical form. What is signed and not there counts as empty.</summary>
    public static void Write(ByteBuffer to, in SignedRequest request, ReadOnlySpan<byte> signedHeaders)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Raw(request.Method);
        to.Byte((byte)'\n');
        CanonicalTarget.Write(to, request.Target);
        to.Byte((byte)'\n');
        foreach (Range range in signedHeaders.Split((byte)';'))
        {
            ReadOnlySpan<byte> name = signedHeaders[range];
            Lower(to, name);
            to.Byte((byte)':');
            _ = request.Fields(name, out ReadOnlySpan<byte> value);
            Collapsed(to, value);
            to.Byte((byte)'\n');
        }

        to.Byte((byte)'\n');
        Lower(to, signedHeaders);
        to.Byte((byte)'\n');
        HexHash(to, request.Body);
    }

    /// <summary>Appends the SHA-256 of some bytes in hexadecimal digits.</summary>
    internal static void HexHash(ByteBuffer to, ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(bytes, hash);
        _ = Convert.TryToHexStringLower(hash, to.GetSpan(2 * SHA256.HashSizeInBytes), out int written);
        to.Advance(written);
    }

    private static void Lower(ByteBuffer to, ReadOnlySpan<byte> text)
    {
        _ = System.Text.Ascii.ToLower(text, to.GetSpan(text.Length), out int written);
        to.Advance(written);
    }

    /// <summary>Without blanks at the ends, and with one for many in between.</summary>
    private static void Collapsed(ByteBuffer to, ReadOnlySpan<byte> value)
    {
        value = value.Trim((byte)' ');
        int blanks;
        while ((blanks = value.IndexOf("  "u8)) >= 0)
        {
            to.Raw(value[..(blanks + 1)]);
            value = value[blanks..].TrimStart((byte)' ');
        }

        to.Raw(value);
    }
}

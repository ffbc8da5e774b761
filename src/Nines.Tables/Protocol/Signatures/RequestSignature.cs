using System.Security.Cryptography;
using System.Text;
using Nines.Kernel;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>Signature Version 4: keys derived from a secret, and what is signed with them.</summary>
public static class RequestSignature
{
    /// <summary>Bytes of a signing key.</summary>
    public const int KeyLength = HMACSHA256.HashSizeInBytes;

    /// <summary>Hexadecimal digits of a signature.</summary>
    public const int Length = 2 * HMACSHA256.HashSizeInBytes;

    /// <summary>The one algorithm there is.</summary>
    public static ReadOnlySpan<byte> Algorithm => "AWS4-HMAC-SHA256"u8;

    /// <summary>The end of every scope.</summary>
    public static ReadOnlySpan<byte> Terminator => "aws4_request"u8;

    /// <summary>The key that is good for one day, region and service.</summary>
    /// <param name="secret">Of the access key; at most 256 bytes.</param>
    /// <param name="day"><c>20150830</c></param>
    /// <param name="region">Any text.</param>
    /// <param name="service">Any text.</param>
    /// <param name="key">Takes <see cref="KeyLength"/> bytes.</param>
    public static void DeriveKey(string secret, ReadOnlySpan<byte> day, ReadOnlySpan<byte> region, ReadOnlySpan<byte> service, Span<byte> key)
    {
        ArgumentNullException.ThrowIfNull(secret);
        Span<byte> start = stackalloc byte[4 + 256];
        "AWS4"u8.CopyTo(start);
        int length = 4 + Encoding.UTF8.GetBytes(secret, start[4..]);
        _ = HMACSHA256.HashData(start[..length], day, key);
        CryptographicOperations.ZeroMemory(start);
        _ = HMACSHA256.HashData(key, region, key);
        _ = HMACSHA256.HashData(key, service, key);
        _ = HMACSHA256.HashData(key, Terminator, key);
    }

    /// <summary>The signature of a request.</summary>
    /// <param name="buffer">Holds the canonical request and nothing else; its content is lost.</param>
    /// <param name="signedAt">Seconds since 1970.</param>
    /// <param name="scope">Day, region, service and terminator.</param>
    /// <param name="key">A signing key of that scope.</param>
    /// <param name="signature">Takes <see cref="Length"/> hexadecimal digits.</param>
    public static void Sign(ByteBuffer buffer, long signedAt, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> key, Span<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        int canonical = buffer.Length;
        buffer.Raw(Algorithm);
        buffer.Byte((byte)'\n');
        AmazonTime.Write(signedAt, buffer.GetSpan(AmazonTime.Length));
        buffer.Advance(AmazonTime.Length);
        buffer.Byte((byte)'\n');
        buffer.Raw(scope);
        buffer.Byte((byte)'\n');
        CanonicalRequest.HexHash(buffer, buffer.Written[..canonical]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        _ = HMACSHA256.HashData(key, buffer.Written[canonical..], hash);
        _ = Convert.TryToHexStringLower(hash, signature, out _);
        buffer.Clear();
    }
}

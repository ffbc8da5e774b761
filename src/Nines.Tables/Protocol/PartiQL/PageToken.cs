using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>
/// The NextToken of a SELECT: where the next page begins, and which statement it belongs to. Clients give it back as it is.
/// <code>
///   base64url( version 1 | digest of statement and parameters, 16 bytes | encoded key )
/// </code>
/// </summary>
public static class PageToken
{
    private const byte Version = 1;
    private const int DigestLength = 16;
    private const int Head = 1 + DigestLength;

    /// <summary>What a token remembers of its statement.</summary>
    public static ReadOnlyMemory<byte> DigestOf(string statement, IReadOnlyList<AttributeValue> parameters)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(parameters);
        var buffer = new ByteBuffer(statement.Length + 64);
        buffer.Text(statement);
        foreach (AttributeValue parameter in parameters)
        {
            ItemCodec.EncodeValue(parameter, buffer);
        }

        return SHA256.HashData(buffer.Written).AsMemory(0, DigestLength);
    }

    /// <summary>The token of the page behind a key.</summary>
    public static string Encode(ReadOnlyMemory<byte> digest, Item key)
    {
        var buffer = new ByteBuffer(Head + 64);
        buffer.Byte(Version);
        buffer.Raw(digest.Span);
        ItemCodec.Encode(key, buffer);
        return Base64Url.EncodeToString(buffer.Written);
    }

    /// <summary>The key in a token; or why the token is none of this statement.</summary>
    public static TableError? TryDecode(string token, ReadOnlyMemory<byte> digest, out Item? key)
    {
        ArgumentNullException.ThrowIfNull(token);
        key = null;
        if (!Base64Url.IsValid(token))
        {
            return TableError.Validation("Invalid NextToken");
        }

        byte[] bytes = Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(token));
        if (bytes.Length < Head || bytes[0] != Version || !ItemCodec.TryDecode(bytes.AsMemory(Head), out Item read))
        {
            return TableError.Validation("Invalid NextToken");
        }

        if (!bytes.AsSpan(1, DigestLength).SequenceEqual(digest.Span))
        {
            return TableError.Validation("NextToken does not match request");
        }

        key = read;
        return null;
    }
}

using System.Text;
using Nines.Kernel;

namespace Nines.Tables.Protocol.Signatures;

/// <summary>A request to another service of DynamoDB's protocol, always <c>POST /</c>, before it is signed.</summary>
/// <param name="Host">As in the <c>Host</c> field: with the port when it is not the scheme's own.</param>
/// <param name="Target">The value of <c>X-Amz-Target</c>; ASCII.</param>
/// <param name="ContentType">ASCII.</param>
/// <param name="Body">As it is sent.</param>
public readonly record struct OutgoingRequest(string Host, string Target, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>A field of a request.</summary>
public readonly record struct OutgoingField(string Name, string Value);

/// <summary>
/// Signs requests with Signature Version 4, over the same canonical form that signatures of our own clients are checked with. Signed are the fields that AWS
/// asks for: host, content type and everything that begins with <c>x-amz-</c>.
/// </summary>
public static class RequestSigner
{
    private const string Service = "dynamodb";

    /// <summary>The fields that a request needs beside host, content type and length, the signature last.</summary>
    /// <param name="buffer">Room to work in; its content is lost.</param>
    /// <param name="request">What is to be sent.</param>
    /// <param name="credential">Whose signature.</param>
    /// <param name="region">The service's; at AWS it must be the right one.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static IReadOnlyList<OutgoingField> Sign(
        ByteBuffer buffer, in OutgoingRequest request, ServiceCredential credential, string region, long now)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentNullException.ThrowIfNull(credential);
        string date = AmazonTime.ToText(now);
        List<OutgoingField> sent = [new("X-Amz-Date", date), new("X-Amz-Target", request.Target)];
        if (credential.Token.Length > 0)
        {
            sent.Add(new("X-Amz-Security-Token", credential.Token));
        }

        OutgoingField[] signed = [.. sent, new("Host", request.Host), new("Content-Type", request.ContentType)];
        string names = string.Join(';', signed.Select(static f => f.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
        string scope = $"{date[..AmazonTime.DayLength]}/{region}/{Service}/{Encoding.ASCII.GetString(RequestSignature.Terminator)}";
        WriteCanonical(buffer, request, signed, names);
        Span<byte> key = stackalloc byte[RequestSignature.KeyLength];
        RequestSignature.DeriveKey(
            credential.Secret, Encoding.ASCII.GetBytes(date[..AmazonTime.DayLength]), Encoding.UTF8.GetBytes(region), Encoding.ASCII.GetBytes(Service), key);
        Span<byte> signature = stackalloc byte[RequestSignature.Length];
        RequestSignature.Sign(buffer, now, Encoding.UTF8.GetBytes(scope), key, signature);
        sent.Add(new(
            "Authorization",
            $"{Encoding.ASCII.GetString(RequestSignature.Algorithm)} Credential={credential.Id}/{scope}, SignedHeaders={names}, "
            + $"Signature={Encoding.ASCII.GetString(signature)}"));
        return sent;
    }

    private static void WriteCanonical(ByteBuffer buffer, in OutgoingRequest request, OutgoingField[] signed, string names)
    {
        Dictionary<string, byte[]> values = signed.ToDictionary(
            static f => f.Name, static f => Encoding.ASCII.GetBytes(f.Value), StringComparer.OrdinalIgnoreCase);
        buffer.Clear();
        CanonicalRequest.Write(
            buffer,
            new SignedRequest { Method = "POST"u8, Target = "/"u8, Body = request.Body.Span, Fields = Find },
            Encoding.ASCII.GetBytes(names));

        bool Find(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            bool isThere = values.TryGetValue(Encoding.ASCII.GetString(name), out byte[]? bytes);
            value = bytes;
            return isThere;
        }
    }
}

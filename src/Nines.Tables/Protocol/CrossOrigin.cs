using System.Buffers;

namespace Nines.Tables.Protocol;

/// <summary>
/// What pages in browsers may do (CORS, the Fetch standard): the answers are DynamoDB's, and go to every origin when requests are signed. Without
/// access keys nothing but the browser stands between the tables and any page its user happens to look at, so that then only pages of the same
/// machine are let in.
/// </summary>
public static class CrossOrigin
{
    private static readonly SearchValues<byte> InFieldNames =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_, "u8);

    private static readonly byte[] Exposed = System.Text.Encoding.ASCII.GetBytes(
        "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-crc32,x-nines-outcome,x-nines-group,x-nines-position,x-nines-term,"
        + "x-nines-staleness-ms,x-nines-session,x-nines-node,Retry-After,Date");

    /// <summary>The methods the door has for operations.</summary>
    public static ReadOnlySpan<byte> Methods => "POST"u8;

    /// <summary>How long a browser may remember a permission: two days.</summary>
    public static ReadOnlySpan<byte> MaxAgeSeconds => "172800"u8;

    /// <summary>Fields of an answer that a page may read.</summary>
    public static ReadOnlySpan<byte> ExposedFields => Exposed;

    /// <summary>Whether pages of an origin are let in; an empty one is no page.</summary>
    /// <param name="origin">What the browser says of the page.</param>
    /// <param name="withKeys">The door has access keys.</param>
    public static bool IsAllowed(ReadOnlySpan<byte> origin, bool withKeys) => !origin.IsEmpty && (withKeys || IsSameMachine(origin));

    /// <summary>The field names a browser asks for, which are all allowed; empty when they are no field names, and not to be repeated.</summary>
    public static ReadOnlySpan<byte> AllowedFields(ReadOnlySpan<byte> requested) => requested.ContainsAnyExcept(InFieldNames) ? default : requested;

    /// <summary><c>http://localhost:3000</c>, <c>https://127.0.0.1</c>, <c>http://[::1]:8080</c>.</summary>
    private static bool IsSameMachine(ReadOnlySpan<byte> origin)
    {
        int start = origin.StartsWith("http://"u8) ? 7 : origin.StartsWith("https://"u8) ? 8 : -1;
        if (start < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> host = origin[start..];
        int port = host.LastIndexOf((byte)':');
        if (port > 0 && !host[(port + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            host = host[..port];
        }

        return host.SequenceEqual("localhost"u8) || host.SequenceEqual("127.0.0.1"u8) || host.SequenceEqual("[::1]"u8);
    }
}

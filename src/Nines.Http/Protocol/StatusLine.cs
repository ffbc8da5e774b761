using System.Globalization;
using System.Text;

namespace Nines.Http.Protocol;

/// <summary>First lines of answers (RFC 9112, section 4), made once.</summary>
public static class StatusLine
{
    private static readonly byte[]?[] Lines = [.. Enumerable.Range(0, 600).Select(Make)];

    /// <summary>With its line end.</summary>
    /// <param name="status">From 100 to 599.</param>
    public static ReadOnlySpan<byte> Of(int status) => Lines[status];

    /// <summary>
    /// False: the answer ends with its head, and has no content-length (RFC 9110, sections 8.6 and 15.3.5; for 304 it would be another
    /// answer's, section 15.4.5).
    /// </summary>
    /// <param name="status">Of a final answer.</param>
    public static bool HasContent(int status) => status is not (204 or 304);

    private static byte[]? Make(int status) =>
        status < 100 ? null : Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {Reason(status)}\r\n"));

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    };
}

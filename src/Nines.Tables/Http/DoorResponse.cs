using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>Sends an answer: the headers DynamoDB's clients look for, those that say what became of the request, and the body at once.</summary>
internal readonly struct DoorResponse(HttpResponse response, TablesDoorOptions options)
{
    /// <summary>An answer that no engine was asked for.</summary>
    public ValueTask SendAsync(int status, string requestId, string contentType, ReadOnlyMemory<byte> body)
    {
        Begin(status, requestId, contentType, body);
        return WriteAsync(body);
    }

    /// <summary>An answer to an operation.</summary>
    public ValueTask SendAsync(
        int status, string requestId, in Certificate certificate, TableCall call, HttpRequest request, ReadOnlyMemory<byte> body)
    {
        Begin(status, requestId, DoorRequest.AnswerType(request), body);
        IHeaderDictionary headers = response.Headers;
        headers["x-nines-outcome"] = Text(certificate.Outcome);
        if (certificate.Group is { } group)
        {
            headers["x-nines-group"] = Text(group.Value);
            headers["x-nines-position"] = Text(certificate.Position.Value);
            headers["x-nines-term"] = Text(certificate.Term.Value);
        }

        if (certificate.StalenessMs >= 0)
        {
            headers["x-nines-staleness-ms"] = Text(certificate.StalenessMs);
        }

        if (certificate.RetryAfterMs > 0)
        {
            // Whole seconds, rounded up (RFC 9110, section 10.2.3).
            headers.RetryAfter = Text((certificate.RetryAfterMs + 999) / 1000);
        }

        if (call.Session is { } session)
        {
            headers[DoorRequest.SessionHeader] = session.Encode();
        }

        return WriteAsync(body);
    }

    private void Begin(int status, string requestId, string contentType, ReadOnlyMemory<byte> body)
    {
        response.StatusCode = status;
        response.ContentLength = body.Length;
        IHeaderDictionary headers = response.Headers;
        headers.ContentType = contentType;
        headers["x-amzn-RequestId"] = requestId;
        headers["x-amz-crc32"] = Crc32.Of(body.Span).ToString(CultureInfo.InvariantCulture);
        if (options.Node.Length > 0)
        {
            headers["x-nines-node"] = options.Node;
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> body)
    {
        await response.BodyWriter.WriteAsync(body);
    }

    private static StringValues Text(Outcome outcome) => outcome switch
    {
        Outcome.Done => "done",
        Outcome.NotDone => "not-done",
        Outcome.Unknown => "unknown",
    };

    private static StringValues Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

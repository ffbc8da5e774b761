using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>Gives an answer: the headers DynamoDB's clients look for, those that say what became of the request, and the body.</summary>
internal readonly struct DoorResponse(HttpExchange exchange, TablesDoorOptions options)
{
    /// <summary>An answer that no engine was asked for.</summary>
    public void Send(int status, string requestId, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> body)
    {
        Begin(requestId, contentType, body);
        exchange.Answer(status, body);
    }

    /// <summary>An answer to an operation.</summary>
    public void Send(int status, string requestId, in Certificate certificate, TableCall call, ReadOnlySpan<byte> body)
    {
        Begin(requestId, DoorRequest.WantsJson10(exchange) ? "application/x-amz-json-1.0"u8 : "application/json"u8, body);
        exchange.AddHeader("x-nines-outcome"u8, Text(certificate.Outcome));
        if (certificate.Group is { } group)
        {
            exchange.AddHeader("x-nines-group"u8, group.Value);
            exchange.AddHeader("x-nines-position"u8, certificate.Position.Value);
            exchange.AddHeader("x-nines-term"u8, certificate.Term.Value);
        }

        if (certificate.StalenessMs >= 0)
        {
            exchange.AddHeader("x-nines-staleness-ms"u8, certificate.StalenessMs);
        }

        if (certificate.RetryAfterMs > 0)
        {
            // Whole seconds, rounded up (RFC 9110, section 10.2.3).
            exchange.AddHeader("retry-after"u8, (certificate.RetryAfterMs + 999) / 1000);
        }

        if (call.Session is { } session)
        {
            exchange.AddHeader(DoorRequest.SessionHeader, session.Encode());
        }

        exchange.Answer(status, body);
    }

    private void Begin(string requestId, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> body)
    {
        exchange.AddHeader("content-type"u8, contentType);
        exchange.AddHeader("x-amzn-RequestId"u8, requestId);
        exchange.AddHeader("x-amz-crc32"u8, Crc32.Of(body));
        if (options.Node.Length > 0)
        {
            exchange.AddHeader("x-nines-node"u8, options.Node);
        }
    }

    private static ReadOnlySpan<byte> Text(Outcome outcome) => outcome switch
    {
        Outcome.Done => "done"u8,
        Outcome.NotDone => "not-done"u8,
        Outcome.Unknown => "unknown"u8,
    };
}

using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>Gives an answer: the headers DynamoDB's clients look for, those that say what became of the request, and the body.</summary>
internal readonly struct DoorResponse(HttpExchange exchange, TablesDoorOptions options)
{
    /// <summary>A browser asks for a page that is let in.</summary>
    public bool IsForPage => CrossOrigin.IsAllowed(exchange.Header("origin"u8), withKeys: options.AccessKeys.Count > 0);

    /// <summary>What a browser wants to hear before it sends a page's request. Browsers sign nothing of their own.</summary>
    public void SendPermission(string requestId)
    {
        exchange.AddHeader("x-amzn-RequestId"u8, requestId);
        exchange.AddHeader("access-control-allow-methods"u8, CrossOrigin.Methods);
        ReadOnlySpan<byte> fields = CrossOrigin.AllowedFields(exchange.Header("access-control-request-headers"u8));
        if (!fields.IsEmpty)
        {
            exchange.AddHeader("access-control-allow-headers"u8, fields);
        }

        exchange.AddHeader("access-control-max-age"u8, CrossOrigin.MaxAgeSeconds);
        AddForPage();
        exchange.Answer(200, default);
    }

    /// <summary>An answer that no engine was asked for.</summary>
    public void Send(int status, string requestId, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> body)
    {
        Begin(requestId, contentType, body);
        exchange.Answer(status, body);
    }

    /// <summary>An answer to an operation. Its checksum is that of the body as sent, compressed or not: SDKs check before they decompress.</summary>
    public void Send(int status, string requestId, in Certificate certificate, TableCall call, ReadOnlySpan<byte> body, bool isGzip)
    {
        Begin(requestId, DoorRequest.WantsJson10(exchange) ? "application/x-amz-json-1.0"u8 : "application/json"u8, body);
        if (isGzip)
        {
            exchange.AddHeader("content-encoding"u8, "gzip"u8);
        }

        if (isGzip || body.Length > GzipAnswer.MinBytes)
        {
            exchange.AddHeader("vary"u8, "Accept-Encoding"u8);
        }

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

        if (IsForPage)
        {
            AddForPage();
        }
    }

    /// <summary>Who may read the answer depends on who asks, which a cache on the way must know.</summary>
    private void AddForPage()
    {
        exchange.AddHeader("access-control-allow-origin"u8, "*"u8);
        exchange.AddHeader("access-control-expose-headers"u8, CrossOrigin.ExposedFields);
        exchange.AddHeader("vary"u8, "Origin"u8);
    }

    private static ReadOnlySpan<byte> Text(Outcome outcome) => outcome switch
    {
        Outcome.Done => "done"u8,
        Outcome.NotDone => "not-done"u8,
        Outcome.Unknown => "unknown"u8,
    };
}

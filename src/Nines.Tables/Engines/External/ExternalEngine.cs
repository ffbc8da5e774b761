using System.Globalization;
using System.Net.Http.Headers;
using Nines.Kernel;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables.Engines.External;

/// <summary>
/// Hands operations on to a service that speaks DynamoDB's protocol, signed anew, and its answers back. Sends each once: a request that failed before
/// its body began to leave is not done, one that failed afterwards is unknown, and which of the two to send again is the client's choice.
/// </summary>
public sealed class ExternalEngine : IOperationEngine, IDisposable
{
    private const int ReadBytes = 16 * 1024;

    /// <summary>Servers close idle connections, some after 5 s. One that is closed while a request is on its way makes its outcome unknown.</summary>
    private static readonly TimeSpan KeptIdle = TimeSpan.FromSeconds(4);

    /// <summary>A name may come to mean another address.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(2);

    private readonly ExternalOptions _options;
    private readonly HttpClient _client;
    private int _underWay;
    private long _answerBytes;

    /// <summary>Connects when it is first asked.</summary>
    public ExternalEngine(ExternalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _client = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.MaxConnections,
            PooledConnectionIdleTimeout = KeptIdle,
            PooledConnectionLifetime = Kept,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <inheritdoc/>
    public async ValueTask<OperationAnswer> DoAsync(OperationRequest request, ByteBuffer answer)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(answer);
        if (Interlocked.Increment(ref _underWay) > _options.MaxRequests)
        {
            Interlocked.Decrement(ref _underWay);
            return ExternalOutcomes.Overloaded();
        }

        // A copy: the client may still be sending it when the deadline has ended the call, and the memory is the connection's.
        using var body = new SentBody(request.Body.ToArray());
        try
        {
            using var deadline = new CancellationTokenSource(request.Timeout, _options.Time);
            using HttpRequestMessage message = Signed(request, body);
            using HttpResponseMessage response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return await ReadAsync(response, answer, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return body.HasBegun ? ExternalOutcomes.NoAnswer(e) : ExternalOutcomes.NotSent(e);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Signed(OperationRequest request, SentBody body)
    {
        var address = new UriBuilder(_options.Endpoint) { Host = ForeignTarget.HostFor(_options.Endpoint.Host, request.Target) };
        var outgoing = new OutgoingRequest(address.Uri.Authority, request.Target, request.ContentType, body.Bytes);
        ByteBuffer buffer = BufferPool.Shared.Rent();
        IReadOnlyList<OutgoingField> fields = RequestSigner.Sign(
            buffer, outgoing, _options.Credential, _options.Region, _options.Time.GetUtcNow().ToUnixTimeSeconds());
        BufferPool.Shared.Return(buffer);
        body.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        var message = new HttpRequestMessage(HttpMethod.Post, address.Uri) { Content = body };
        message.Headers.Host = outgoing.Host;
        foreach (OutgoingField field in fields)
        {
            message.Headers.TryAddWithoutValidation(field.Name, field.Value);
        }

        // Another Nines does a write once over all its sends; others pay no attention.
        if (request.InvocationId.Length > 0)
        {
            message.Headers.TryAddWithoutValidation("amz-sdk-invocation-id", request.InvocationId);
        }

        return message;
    }

    private async Task<OperationAnswer> ReadAsync(HttpResponseMessage response, ByteBuffer answer, CancellationToken cancel)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel);
        int read;
        try
        {
            while ((read = await stream.ReadAsync(answer.GetMemory(ReadBytes), cancel)) > 0)
            {
                answer.Advance(read);
                if (Interlocked.Add(ref _answerBytes, read) > _options.MaxAllAnswerBytes || answer.Length > _options.MaxAnswerBytes)
                {
                    return ExternalOutcomes.Unknown("the external service's answer is larger than this node holds");
                }
            }
        }
        finally
        {
            Interlocked.Add(ref _answerBytes, -answer.Length);
        }

        return IsWhole(response, answer.Written)
            ? new OperationAnswer((int)response.StatusCode, CertificateOf(response))
            : ExternalOutcomes.Unknown("the external service's answer was damaged on its way");
    }

    /// <summary>The checksum is of the body as sent, and nothing but a plain body was asked for.</summary>
    private static bool IsWhole(HttpResponseMessage response, ReadOnlySpan<byte> body) =>
        response.Content.Headers.ContentEncoding.Count == 0
        && (Field(response, "x-amz-crc32") is not { } sum || sum == Crc32.Of(body).ToString(CultureInfo.InvariantCulture));

    /// <summary>Another Nines says what became of the request. Of others a success is done, a refusal is not, and of any other error nothing is known.</summary>
    private static Certificate CertificateOf(HttpResponseMessage response)
    {
        Outcome outcome = (Field(response, "x-nines-outcome"), (int)response.StatusCode) switch
        {
            ("done", _) or (null, >= 200 and < 300) => Outcome.Done,
            ("not-done", _) or (null, >= 400 and < 500) => Outcome.NotDone,
            _ => Outcome.Unknown,
        };
        double seconds = response.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0;
        return Certificate.Refused with { Outcome = outcome, RetryAfterMs = (int)Math.Min(seconds, 3600) * 1000 };
    }

    private static string? Field(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}

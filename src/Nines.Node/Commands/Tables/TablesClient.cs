using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary>
/// Sends operations to the tables door in DynamoDB's protocol. What was refused for now, or went to a node that is gone, is sent again
/// under the same invocation id, so that a write happens once; another node is tried when one does not answer.
/// </summary>
internal sealed class TablesClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly IReadOnlyList<string> _endpoints;
    private readonly TimeProvider _time;

    /// <summary>The endpoint in use, counted on whenever one does not answer.</summary>
    private int _current;

    /// <summary>Some node has answered: one that is gone now may come back, so waiting makes sense.</summary>
    private volatile bool _wasReached;

    /// <param name="endpoints">Addresses of nodes of one cluster, the preferred one first; at least one.</param>
    public TablesClient(HttpMessageHandler handler, IReadOnlyList<string> endpoints, TimeProvider time)
    {
        _http = new HttpClient(handler) { Timeout = Patience };
        _endpoints = endpoints;
        _time = time;
    }

    public Task<JsonElement> SendAsync(string operation, JsonObject request, CancellationToken cancel) =>
        SendAsync(operation, Encoding.UTF8.GetBytes(request.ToJsonString(ItemJson.Relaxed)), cancel);

    /// <exception cref="TablesException">It was refused, or nobody answers.</exception>
    public async Task<JsonElement> SendAsync(string operation, byte[] request, CancellationToken cancel)
    {
        string invocation = Guid.NewGuid().ToString();
        int silent = 0;
        for (int attempt = 1; ; attempt++)
        {
            int current = Volatile.Read(ref _current);
            Attempt tried = await TryAsync(operation, request, invocation, _endpoints[current % _endpoints.Count], cancel);
            if (tried.Failure is null)
            {
                return tried.Answer;
            }

            silent = tried.IsSilent ? silent + 1 : 0;
            bool nobody = !_wasReached && silent >= _endpoints.Count;
            if (!tried.MayRepeat || nobody || attempt >= Backoff.AttemptsMax + _endpoints.Count)
            {
                throw nobody ? Unreachable(tried.Failure) : tried.Failure;
            }

            if (tried.IsSilent)
            {
                // Others that found the same node silent have moved on already.
                Interlocked.CompareExchange(ref _current, current + 1, current);
            }

            if (_wasReached)
            {
                await Backoff.WaitAsync(attempt, tried.Wanted, _time, cancel);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Every request is made here, its body known as a whole: the place for a signature.</summary>
    private static HttpRequestMessage Prepare(string operation, byte[] body, string invocation, string endpoint)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint + "/") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "DynamoDB_20120810." + operation);
        request.Headers.TryAddWithoutValidation("amz-sdk-invocation-id", invocation);
        return request;
    }

    private async Task<Attempt> TryAsync(string operation, byte[] body, string invocation, string endpoint, CancellationToken cancel)
    {
        try
        {
            using HttpRequestMessage request = Prepare(operation, body, invocation, endpoint);
            using HttpResponseMessage response = await _http.SendAsync(request, cancel);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancel);
            return Read(response, answer, operation, endpoint);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            string why = e is OperationCanceledException ? $"no answer within {Patience.TotalSeconds} s" : Reason(e);
            return new Attempt { Failure = new TablesException("", $"no node answers at {endpoint} ({why})"), MayRepeat = true, IsSilent = true };
        }
    }

    private Attempt Read(HttpResponseMessage response, byte[] body, string operation, string endpoint)
    {
        JsonElement answer;
        try
        {
            answer = JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            answer = default;
        }

        int status = (int)response.StatusCode;
        if (answer.ValueKind != JsonValueKind.Object || (status != 200 && Text(answer, "__type") is null))
        {
            // A proxy in front of a node that restarts answers 502 to 504 with a page of its own.
            var stranger = new TablesException(
                "", $"what answers at {endpoint} is no tables door (HTTP {status}): give listen.tables of a node with --endpoint, such as http://127.0.0.1:8000");
            return new Attempt { Failure = stranger, MayRepeat = _wasReached && status >= 500 };
        }

        _wasReached = true;
        if (status == 200)
        {
            return new Attempt { Answer = answer };
        }

        string type = Text(answer, "__type")!;
        type = type[(type.IndexOf('#', StringComparison.Ordinal) + 1)..];
        string message = Text(answer, "message") ?? Text(answer, "Message") ?? $"{operation} was refused with HTTP {status}, without a text";
        return new Attempt
        {
            Failure = new TablesException(type, message),
            MayRepeat = status >= 500 || type is "ProvisionedThroughputExceededException" or "ThrottlingException" or "RequestLimitExceeded",
            Wanted = response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero,
        };
    }

    private TablesException Unreachable(TablesException last) => new(
        "",
        (_endpoints.Count == 1 ? last.Message : $"no node answers at {_endpoints[0]} or at the {_endpoints.Count - 1} other addresses a node of this machine may have")
        + ". Start one with nines up, or name one with --endpoint.");

    private static string Reason(Exception e) => e.InnerException is SocketException socket ? socket.Message : e.Message;

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private readonly record struct Attempt
    {
        public JsonElement Answer { get; init; }

        /// <summary>Null: <see cref="Answer"/> is the answer.</summary>
        public TablesException? Failure { get; init; }

        public bool MayRepeat { get; init; }

        /// <summary>The node did not answer at all; another one may.</summary>
        public bool IsSilent { get; init; }

        public TimeSpan Wanted { get; init; }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Nines.EndToEnd.Tests.History;
using Nines.Kernel;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>
/// A bare HTTP client that keeps a session and goes to another node with every request: the session token must carry what it has seen.
/// A request without an answer, or with the answer "unknown", is sent again under its id until it is settled.
/// </summary>
internal sealed class SessionRegisters : IRegisters
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(2);

    private readonly Hopping _hopping;
    private readonly HttpClient _http;
    private readonly Uri _any;
    private readonly int _nodes;
    private readonly Prng _random;
    private readonly TimeSpan _patience;
    private string _session = "";

    public SessionRegisters(IReadOnlyList<Uri> nodes, ulong seed, TimeSpan patience)
    {
        _hopping = new Hopping(nodes, 0, AttemptTimeout);
        _http = new HttpClient(_hopping) { Timeout = Timeout.InfiniteTimeSpan };
        _any = nodes[0];
        _nodes = nodes.Count;
        _random = new Prng(seed);
        _patience = patience;
    }

    /// <summary>Asks only this node from now on; null: any.</summary>
    public int? Only { get; set; }

    public Task<Reply> PutAsync(string key, long value) => DoAsync(
        "PutItem", Consistency.Strong,
        $$"""{"TableName":"{{RegisterTable.Name}}","Item":{"{{RegisterTable.Key}}":{"S":"{{key}}"},"{{RegisterTable.Value}}":{"N":"{{value}}"} } }""");

    public Task<Reply> CompareAndSetAsync(string key, long expected, long value) => throw new NotSupportedException("the SDK clients do that");

    public Task<Reply> DeleteAsync(string key) => DoAsync("DeleteItem", Consistency.Strong, OnKey(key));

    public Task<Reply> GetAsync(string key, Consistency consistency) => DoAsync("GetItem", consistency, OnKey(key));

    public Task<Reply> AddAsync(string key) => throw new NotSupportedException("the SDK clients do that");

    public void Dispose() => _http.Dispose();

    private static string OnKey(string key) =>
        $$"""{"TableName":"{{RegisterTable.Name}}","Key":{"{{RegisterTable.Key}}":{"S":"{{key}}"} } }""";

    private async Task<Reply> DoAsync(string operation, Consistency consistency, string body)
    {
        _hopping.Begin();
        _hopping.Turn(Only ?? _random.Below(_nodes));
        string id = Guid.NewGuid().ToString();
        long started = Stopwatch.GetTimestamp();
        string why = "";
        do
        {
            try
            {
                using HttpResponseMessage response = await SendAsync(operation, consistency, body, id);
                string text = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    return Answered(End.Done) with { Seen = SeenIn(text) };
                }

                why = $"{(int)response.StatusCode} {text}";
            }
            catch (HttpRequestException e)
            {
                why = e.Message;
            }

            if (_hopping.AllNotDone)
            {
                return Answered(End.NotDone) with { Text = why };
            }

            if (Only is { } node)
            {
                _hopping.Turn(node);
            }
        }
        while (Stopwatch.GetElapsedTime(started) < _patience);
        return Answered(End.Unknown) with { Text = why };
    }

    private async Task<HttpResponseMessage> SendAsync(string operation, Consistency consistency, string body, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _any);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.Add("X-Amz-Target", "DynamoDB_20120810." + operation);
        request.Headers.Add("amz-sdk-invocation-id", id);
        request.Headers.Add("x-nines-consistency", consistency.ToString().ToLowerInvariant());
        request.Headers.Add("x-nines-session", _session);
        HttpResponseMessage response = await _http.SendAsync(request);
        if (response.Headers.TryGetValues("x-nines-session", out IEnumerable<string>? session))
        {
            _session = session.First();
        }

        return response;
    }

    private Reply Answered(End end) => new(end)
    {
        Group = _hopping.Group, Position = _hopping.Position, Node = _hopping.Node, Attempts = _hopping.Attempts,
    };

    private static long SeenIn(string json)
    {
        using JsonDocument answer = JsonDocument.Parse(json);
        return answer.RootElement.TryGetProperty("Item", out JsonElement item)
            && (item.TryGetProperty(RegisterTable.Value, out JsonElement value) || item.TryGetProperty(RegisterTable.Counter, out value))
                ? long.Parse(value.GetProperty("N").GetString()!, CultureInfo.InvariantCulture)
                : 0;
    }
}

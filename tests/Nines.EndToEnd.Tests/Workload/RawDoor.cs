using System.Net.Http.Headers;
using System.Text;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>What a door answered to one request.</summary>
internal sealed record DoorAnswer(int Status, string Outcome, long Position, string Body, TimeSpan Took);

/// <summary>One request, one answer: for tests of what exactly a door says when the cluster is not well.</summary>
/// <param name="patience">A request without an answer is given up after so long; 30 s when not said.</param>
internal sealed class RawDoor(TimeSpan? patience = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = patience ?? TimeSpan.FromSeconds(30),
    };

    public static string NewId() => Guid.NewGuid().ToString();

    public Task<DoorAnswer> PutAsync(Uri node, string key, long value, string? id = null) => SendAsync(
        node, "PutItem", id, "",
        $$"""{"TableName":"{{RegisterTable.Name}}","Item":{"{{RegisterTable.Key}}":{"S":"{{key}}"},"{{RegisterTable.Value}}":{"N":"{{value}}"} } }""");

    public Task<DoorAnswer> AddAsync(Uri node, string key, string id) => SendAsync(
        node, "UpdateItem", id, "",
        $$"""
        {"TableName":"{{RegisterTable.Name}}","Key":{"{{RegisterTable.Key}}":{"S":"{{key}}"} },"UpdateExpression":"ADD #c :one",
        "ExpressionAttributeNames":{"#c":"{{RegisterTable.Counter}}"},"ExpressionAttributeValues":{":one":{"N":"1"} },"ReturnValues":"UPDATED_NEW"}
        """);

    /// <param name="consistency">strong, sequential or eventual.</param>
    public Task<DoorAnswer> GetAsync(Uri node, string key, string consistency) => SendAsync(
        node, "GetItem", null, consistency,
        $$"""{"TableName":"{{RegisterTable.Name}}","Key":{"{{RegisterTable.Key}}":{"S":"{{key}}"} } }""");

    /// <summary>An operation of the streams.</summary>
    public Task<DoorAnswer> StreamAsync(Uri node, string operation, string body) => SendToAsync(node, "DynamoDBStreams_20120810." + operation, null, "", body);

    public void Dispose() => _http.Dispose();

    private Task<DoorAnswer> SendAsync(Uri node, string operation, string? id, string consistency, string body) =>
        SendToAsync(node, "DynamoDB_20120810." + operation, id, consistency, body);

    private async Task<DoorAnswer> SendToAsync(Uri node, string target, string? id, string consistency, string body)
    {
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, node);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.Add("X-Amz-Target", target);
        if (id is not null)
        {
            request.Headers.Add("amz-sdk-invocation-id", id);
        }

        if (consistency.Length > 0)
        {
            request.Headers.Add("x-nines-consistency", consistency);
        }

        using HttpResponseMessage response = await _http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        string Header(string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : "";
        _ = long.TryParse(Header("x-nines-position"), System.Globalization.CultureInfo.InvariantCulture, out long position);
        return new DoorAnswer(
            (int)response.StatusCode, Header("x-nines-outcome"), position, text, System.Diagnostics.Stopwatch.GetElapsedTime(started));
    }
}

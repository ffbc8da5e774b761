using System.Net;
using System.Text;
using System.Text.Json;

namespace Nines.Node.Tests.Commands.Tables;

/// <summary>A tables door that answers what a test says, without a socket.</summary>
internal sealed class FakeDoor(Func<FakeRequest, FakeAnswer> answer) : HttpMessageHandler
{
    private readonly Lock _lock = new();

    public List<FakeRequest> Requests { get; } = [];

    public IEnumerable<FakeRequest> Of(string operation) => Requests.Where(r => r.Operation == operation);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string text = await request.Content!.ReadAsStringAsync(cancellationToken);
        FakeAnswer given;
        lock (_lock)
        {
            var asked = new FakeRequest(
                request.Headers.GetValues("X-Amz-Target").Single().Split('.')[1],
                JsonElement.Parse(text),
                request.RequestUri!.Authority,
                request.Headers.GetValues("amz-sdk-invocation-id").Single());
            Requests.Add(asked);
            given = answer(asked);
        }

        var response = new HttpResponseMessage((HttpStatusCode)given.Status)
        {
            Content = new StringContent(given.Body, Encoding.UTF8, "application/x-amz-json-1.0"),
        };
        if (given.RetryAfterSeconds > 0)
        {
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(given.RetryAfterSeconds));
        }

        return response;
    }
}

internal sealed record FakeRequest(string Operation, JsonElement Body, string Authority, string Invocation)
{
    public string this[string member] => Body.TryGetProperty(member, out JsonElement value) ? value.ToString() : "";
}

internal sealed record FakeAnswer(string Body, int Status = 200, int RetryAfterSeconds = 0)
{
    public static FakeAnswer Error(int status, string type, string message = "why", int retryAfterSeconds = 0) =>
        new($$"""{"__type":"com.amazonaws.dynamodb.v20120810#{{type}}","message":"{{message}}"}""", status, retryAfterSeconds);

    /// <summary>Nobody listens there.</summary>
    public static FakeAnswer Refused() => throw new HttpRequestException("Connection refused");
}

using System.Net;

namespace Nines.Client.Tests;

/// <summary>Stands where the connections are: answers for every node as the test says, and keeps what was asked.</summary>
internal sealed class FakeNodes(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    private readonly List<(int Port, Dictionary<string, string> Headers)> _asked = [];

    public FakeNodes(Func<HttpRequestMessage, HttpResponseMessage> answer)
        : this((request, _) => Task.FromResult(answer(request)))
    {
    }

    /// <summary>Ports that were asked, with the headers, in order.</summary>
    public IReadOnlyList<(int Port, Dictionary<string, string> Headers)> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public static HttpResponseMessage Answer(int status, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("""{"TableNames":[]}""") };
        foreach ((string name, string value) in headers)
        {
            response.Headers.Add(name, value);
        }

        return response;
    }

    public static HttpRequestException Refused() => new(HttpRequestError.ConnectionError, "connection refused");

    /// <summary>A client of three nodes, at ports 1 to 3, that asks them here.</summary>
    public TablesClient Client(TablesOptions? options = null)
    {
        options = (options ?? new TablesOptions()) with
        {
            Nodes = [new("http://one:1"), new("http://two:2"), new("http://three:3")],
            Preferred = options?.Preferred ?? 0,
        };
        return new TablesClient(options, new TablesHandler(options, this));
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_asked)
        {
            _asked.Add((request.RequestUri!.Port, request.Headers.ToDictionary(static h => h.Key, static h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase)));
        }

        return answer(request, cancellationToken);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests.Samples;

/// <summary>What an answer of a sample has in it, as its page sees it.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonElement Body);

/// <summary>Somebody at the page of a sample: keeps the session that the answers hold, and sends it with the next request.</summary>
internal sealed class SampleUser(Uri service) : IDisposable
{
    private const string SessionHeader = "x-nines-session";
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = service };
    private string _session = "";

    /// <summary>The arguments with which a sample finds a cluster.</summary>
    public static string[] ArgumentsFor(LiveCluster cluster) =>
        ["--urls", "http://127.0.0.1:0", "--nodes", string.Join(',', cluster.TablesUrls), "--Logging:LogLevel:Default", "Warning"];

    public static Uri AddressOf(WebApplication app) => new(app.Urls.Single());

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public Task<Answer> PostAsync<T>(string path, T body) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) });

    /// <summary>Asks again while no node can do it, which is soon over.</summary>
    public async Task<JsonElement> GetUntilDoneAsync(string path)
    {
        Answer last = new(default, default);
        await Eventually.HoldsAsync(
            async () => (last = await GetAsync(path)).Status != HttpStatusCode.ServiceUnavailable, () => $"{path}: {last.Body}");
        Assert.True(last.Status == HttpStatusCode.OK, $"{path}: {last.Status} {last.Body}");
        return last.Body;
    }

    public void Dispose() => _http.Dispose();

    private async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            request.Headers.Add(SessionHeader, _session);
            using HttpResponseMessage response = await _http.SendAsync(request);
            if (response.Headers.TryGetValues(SessionHeader, out IEnumerable<string>? session))
            {
                _session = session.Single();
            }

            return new Answer(response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
        }
    }
}

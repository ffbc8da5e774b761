using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nines.Node.Configuration;
using Nines.Node.Transport;

namespace Nines.Node.Admin;

/// <summary>What the node says of itself. Asked from any thread.</summary>
public interface IStatusSource
{
    ValueTask<NodeStatus> LocalAsync(CancellationToken cancel);

    /// <summary>The peers, with the admin addresses they told at their handshakes.</summary>
    IReadOnlyList<PeerState> Peers { get; }
}

/// <summary>
/// The admin HTTP API, read only so far. Every answer is JSON.
/// <list type="bullet">
/// <item><c>GET /status</c>: the whole cluster; asks the peers too.</item>
/// <item><c>GET /status/local</c>: this node alone.</item>
/// <item><c>GET /health</c>: 200 while the process serves; for a supervisor.</item>
/// <item><c>GET /health/ready</c>: 200 when every group of this node has a leader, else 503; for a load balancer.</item>
/// </list>
/// </summary>
public sealed class AdminApi(NodeConfiguration configuration, IStatusSource source) : IDisposable
{
    /// <summary>A peer that hangs must not make the status hang.</summary>
    private static readonly TimeSpan PeerPatience = TimeSpan.FromMilliseconds(800);

    /// <summary>Whatever answers at a peer's address, it does not fill this node's memory.</summary>
    private const int MaxAnswerBytes = 4 << 20;

    private readonly HttpClient _peers = new(new SocketsHttpHandler
    {
        ConnectTimeout = PeerPatience, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), UseProxy = false,
    })
    {
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    public async Task HandleAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            await AnswerErrorAsync(response, StatusCodes.Status405MethodNotAllowed, "only GET");
            return;
        }

        CancellationToken cancel = context.RequestAborted;
        switch (context.Request.Path.Value)
        {
            case "/status":
                await AnswerAsync(response, 200, await ClusterAsync(cancel));
                break;
            case "/status/local":
                await AnswerAsync(response, 200, await source.LocalAsync(cancel));
                break;
            case "/health":
                await AnswerTextAsync(response, 200, """{"health":"Ok"}""");
                break;
            case "/health/ready":
                NodeStatus local = await source.LocalAsync(cancel);
                bool ready = local.Replicas.Count > 0 && local.Replicas.All(r => r.Leader != 0);
                await AnswerTextAsync(response, ready ? 200 : 503, ready ? """{"ready":true}""" : """{"ready":false}""");
                break;
            default:
                await AnswerErrorAsync(response, StatusCodes.Status404NotFound, "try /status, /status/local, /health or /health/ready");
                break;
        }
    }

    public void Dispose() => _peers.Dispose();

    private async Task<ClusterStatus> ClusterAsync(CancellationToken cancel)
    {
        NodeStatus local = await source.LocalAsync(cancel);
        NodeStatus[] peers = await Task.WhenAll(source.Peers.Select(peer => AskAsync(peer, cancel)));
        return ClusterView.Combine(configuration.Cluster, configuration.ClusterName, configuration.Node.Value, [local, .. peers]);
    }

    private async Task<NodeStatus> AskAsync(PeerState peer, CancellationToken cancel)
    {
        if (peer.AdminUrl.Length == 0)
        {
            return Unreachable(peer, peer.LastError.Length > 0 ? peer.LastError : "its admin address is not known");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(PeerPatience);
        try
        {
            NodeStatus? answer = await _peers.GetFromJsonAsync(
                peer.AdminUrl + "/status/local", StatusJson.Default.NodeStatus, patience.Token);
            return answer is { IsWhole: true } && answer.Node == peer.Node.Value
                ? answer
                : Unreachable(peer, $"another process answers at {peer.AdminUrl}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Unreachable(peer, $"no answer from {peer.AdminUrl} within {PeerPatience.TotalMilliseconds} ms");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            return Unreachable(peer, e.Message);
        }
    }

    private static NodeStatus Unreachable(PeerState peer, string why) =>
        new() { Node = peer.Node.Value, Reachable = false, Error = why, AdminUrl = peer.AdminUrl, Boot = peer.Boot.Value };

    private static Task AnswerAsync(HttpResponse response, int code, ClusterStatus status) =>
        AnswerTextAsync(response, code, JsonSerializer.Serialize(status, StatusJson.Default.ClusterStatus));

    private static Task AnswerAsync(HttpResponse response, int code, NodeStatus status) =>
        AnswerTextAsync(response, code, JsonSerializer.Serialize(status, StatusJson.Default.NodeStatus));

    private static Task AnswerErrorAsync(HttpResponse response, int code, string error) =>
        AnswerTextAsync(response, code, $$"""{"error":"{{error}}"}""");

    private static Task AnswerTextAsync(HttpResponse response, int code, string json)
    {
        response.StatusCode = code;
        response.ContentType = "application/json";
        return response.WriteAsync(json);
    }
}

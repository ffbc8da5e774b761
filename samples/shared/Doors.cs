using Amazon.Runtime;
using Nines.Client;

namespace Nines.Samples;

/// <summary>One client for each node, so that whoever asks can choose a node. When it does not answer, the next one is asked.</summary>
internal sealed class Doors : IDisposable
{
    private const string SessionHeader = "x-nines-session";

    private readonly TablesClient[] _clients;

    /// <param name="configuration"><c>--nodes http://a:8000,http://b:8000</c>; what <c>nines up</c> opens when there is none.</param>
    public Doors(IConfiguration configuration)
    {
        IReadOnlyList<Uri> nodes = configuration["nodes"] is { Length: > 0 } named
            ? [.. named.Split(',').Select(node => new Uri(node))]
            : TablesOptions.LocalNodes;
        _clients = [.. Enumerable.Range(0, nodes.Count).Select(i => new TablesClient(new TablesOptions { Nodes = nodes, Preferred = i }))];
    }

    /// <summary>Nodes are counted from 1, as <c>n1</c>, <c>n2</c> are.</summary>
    public int Count => _clients.Length;

    /// <summary>A client that prefers this node; null: there is none.</summary>
    public TablesClient? At(int node) => node >= 1 && node <= Count ? _clients[node - 1] : null;

    public void Dispose() => Array.ForEach(_clients, client => client.Dispose());

    /// <summary>The session of a request: the browser keeps it, so that any copy of this service can go on with it.</summary>
    public static TablesSession SessionOf(HttpContext context) => new(context.Request.Headers[SessionHeader].ToString());

    /// <summary>Gives the browser what its session has seen now.</summary>
    public static void Keep(HttpContext context, TablesSession session) => context.Response.Headers[SessionHeader] = session.Token;

    /// <summary>When no node could do it within its time: 503, and what is known of it.</summary>
    public static void UseSorryPage(IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException
            && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsJsonAsync(new Problem(e.Message), context.RequestAborted);
        }
    });
}

/// <summary>Why something was not done, or may not have been.</summary>
internal sealed record Problem(string Error);

/// <summary>What an answer of the tables said of itself.</summary>
internal sealed record Seen(string Node, int? Group, long? Position, double? StalenessMs)
{
    public static Seen Of(TablesSession session) => session.Last is { } last
        ? new Seen(last.Node, last.Group, last.Position, last.Staleness?.TotalMilliseconds)
        : new Seen("", null, null, null);
}

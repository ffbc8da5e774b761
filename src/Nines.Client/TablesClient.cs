using Amazon.DynamoDBv2;
using Amazon.Runtime;

namespace Nines.Client;

/// <summary>
/// Amazon's own client, for the tables of a Nines cluster: asks whichever node answers, and carries sessions. It can be given to whatever takes an
/// <see cref="AmazonDynamoDBClient"/>, the object mapper too.
/// <code>
///   using var tables = new TablesClient();                        // what `nines up` opens
///   using var tables = new TablesClient(new TablesOptions { Nodes = [new("http://a:8000"), new("http://b:8000")] });
/// </code>
/// </summary>
public sealed class TablesClient : AmazonDynamoDBClient
{
    private readonly TablesHandler _handler;

    /// <summary>A client of the cluster that <c>nines up</c> runs on this machine.</summary>
    public TablesClient()
        : this(new TablesOptions())
    {
    }

    /// <summary>A client of the nodes that are named.</summary>
    /// <exception cref="ArgumentException">No node, or none at the preferred place.</exception>
    public TablesClient(TablesOptions options)
        : this(Checked(options), new TablesHandler(options, NewSockets(options)))
    {
    }

    internal TablesClient(TablesOptions options, TablesHandler handler)
        : base(new BasicAWSCredentials(options.AccessKey, options.SecretKey), ConfigurationOf(options, handler)) =>
        _handler = handler;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _handler.Dispose();
        }
    }

    private static TablesOptions Checked(TablesOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Nodes.Count == 0 ? throw new ArgumentException("Name at least one node.", nameof(options))
            : options.Preferred is { } preferred && (preferred < 0 || preferred >= options.Nodes.Count)
                ? throw new ArgumentException($"There is no node {preferred} among {options.Nodes.Count}.", nameof(options))
            : options;
    }

    private static AmazonDynamoDBConfig ConfigurationOf(TablesOptions options, TablesHandler handler) => new()
    {
        ServiceURL = options.Nodes[0].ToString(),
        AuthenticationRegion = "us-east-1",
        MaxErrorRetry = options.MaxErrorRetry,
        HttpClientFactory = new OneClient(handler),
    };

    private static SocketsHttpHandler NewSockets(TablesOptions options) => new() { UseProxy = false, ConnectTimeout = options.AttemptTimeout };

    /// <summary>The SDK makes a client for each call when it is told not to keep them; the handler with its connections stays.</summary>
    private sealed class OneClient(TablesHandler handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}

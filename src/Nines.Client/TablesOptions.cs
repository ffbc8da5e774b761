namespace Nines.Client;

/// <summary>Where the tables are and how to ask for them.</summary>
public sealed record TablesOptions
{
    /// <summary>What <c>nines up</c> opens.</summary>
    public static readonly IReadOnlyList<Uri> LocalNodes =
        [new("http://127.0.0.1:8000"), new("http://127.0.0.1:18000"), new("http://127.0.0.1:28000")];

    /// <summary>The addresses of the tables door of some nodes, best of all. Any of them answers for every table.</summary>
    public IReadOnlyList<Uri> Nodes { get; init; } = LocalNodes;

    /// <summary>The place in <see cref="Nodes"/> of the one that is asked while it answers; null: any, so that many clients spread.</summary>
    public int? Preferred { get; init; }

    /// <summary>After so long an attempt is given up and sent to another node, and the node is told so: two elections long.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a call that could not be done is sent again, with the SDK's growing pauses.</summary>
    public int MaxErrorRetry { get; init; } = 10;

    /// <summary>The access key, when the cluster has some.</summary>
    public string AccessKey { get; init; } = "any";

    /// <summary>The secret of the access key.</summary>
    public string SecretKey { get; init; } = "any";

    /// <summary>The session of calls that are made outside of every <see cref="TablesSession.Enter"/>; null: they belong to none.</summary>
    public TablesSession? Session { get; init; }

    /// <summary>What says how late it is.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

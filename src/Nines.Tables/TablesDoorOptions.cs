using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables;

/// <summary>How the door behaves. All of it has a sensible default.</summary>
public sealed record TablesDoorOptions
{
    /// <summary>The time a request may take when it does not say: several failovers long, and below what SDKs wait for.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest time a request may ask for with <c>x-nines-timeout-ms</c>.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The largest body, before and after decompression; DynamoDB's own limit.</summary>
    public const int MaxBodyBytes = 16 * 1024 * 1024;

    /// <summary>See <see cref="DefaultTimeout"/>.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>The region in table ARNs and in the health text.</summary>
    public string Region { get; init; } = TableScope.Default.Region;

    /// <summary>The account in table ARNs.</summary>
    public string AccountId { get; init; } = TableScope.Default.AccountId;

    /// <summary>Shown as <c>x-nines-node</c> when not empty.</summary>
    public string Node { get; init; } = "";

    /// <summary>Who may use the door. None: everybody, and signatures are not looked at.</summary>
    public IReadOnlyList<AccessKey> AccessKeys { get; init; } = [];

    /// <summary>Tells whether a signature is too old.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whose ARNs name this server's tables.</summary>
    internal TableScope Scope => new(Region, AccountId);
}

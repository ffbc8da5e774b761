using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables.Engines.External;

/// <summary>A service that speaks DynamoDB's protocol, and how much is asked of it at once.</summary>
public sealed record ExternalOptions
{
    /// <summary>Scheme, host and port.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>What requests are signed with.</summary>
    public ServiceCredential Credential { get; init; } = ServiceCredential.Local;

    /// <summary>The region in signatures.</summary>
    public string Region { get; init; } = TableScope.Default.Region;

    /// <summary>Requests under way or waiting for a connection; more are refused.</summary>
    public int MaxRequests { get; init; } = 10_000;

    /// <summary>Half of what a node keeps of its open files for itself when there are few.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>The largest body of an answer. DynamoDB's largest is 16 MB of items, and JSON makes some times as much of them.</summary>
    public int MaxAnswerBytes { get; init; } = 64 << 20;

    /// <summary>All bodies of answers together, while they are read.</summary>
    public long MaxAllAnswerBytes { get; init; } = 256L << 20;

    /// <summary>Deadlines, and the date in signatures.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

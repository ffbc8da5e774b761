namespace Nines.Http;

/// <summary>What one HTTP listener allows. What goes beyond is answered with the status that says so, or cut.</summary>
/// <param name="MaxRequestBytes">The largest body.</param>
/// <param name="MaxConnections">Clients at once; more are closed as soon as they are accepted.</param>
public sealed record HttpLimits(long MaxRequestBytes, int MaxConnections)
{
    /// <summary>From a request's first byte to the end of its head.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may wait for its next request.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Before <see cref="MinBytesPerSecond"/> counts.</summary>
    public TimeSpan RateGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What all connections together may hold of large requests under way and of answers that clients are slow to take. Beyond it a request is
    /// refused with 503, and such a client is cut.
    /// </summary>
    public long MaxHeldBytes { get; init; } = 256 << 20;

    public const int MaxHeaders = 64;

    public const int MaxHeaderBytes = 16 * 1024;

    /// <summary>Below it, after the grace, a sender or reader is cut: slow ones must not hold connections for ever.</summary>
    public double MinBytesPerSecond { get; init; } = 240;
}

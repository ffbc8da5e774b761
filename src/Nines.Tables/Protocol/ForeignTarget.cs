namespace Nines.Tables.Protocol;

/// <summary>Which operations a door hands on to another service, and to which of its hosts.</summary>
public static class ForeignTarget
{
    private const string Tables = "DynamoDB_20120810.";
    private const string Streams = "DynamoDBStreams_20120810.";
    private const int MaxNameLength = 64;

    /// <summary>
    /// Whether <c>X-Amz-Target</c> names an operation of DynamoDB or of its streams. Whether there is such an operation is the service's to say; anything
    /// else must not be signed in the operator's name.
    /// </summary>
    public static bool IsOne(ReadOnlySpan<char> target)
    {
        ReadOnlySpan<char> name = target.StartsWith(Tables, StringComparison.Ordinal) ? target[Tables.Length..]
            : target.StartsWith(Streams, StringComparison.Ordinal) ? target[Streams.Length..]
            : default;
        if (name.Length is 0 or > MaxNameLength)
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The host an operation is to be asked of: AWS has the streams at a host of their own, everybody else at the same.</summary>
    /// <param name="host">The configured one.</param>
    /// <param name="target">The operation.</param>
    public static string HostFor(string host, ReadOnlySpan<char> target)
    {
        ArgumentNullException.ThrowIfNull(host);
        return target.StartsWith(Streams, StringComparison.Ordinal) && host.StartsWith("dynamodb.", StringComparison.Ordinal)
            && (host.EndsWith(".amazonaws.com", StringComparison.Ordinal) || host.EndsWith(".amazonaws.com.cn", StringComparison.Ordinal))
            ? "streams." + host
            : host;
    }
}

namespace Nines.Tables.Protocol.Signatures;

/// <summary>What this node signs with when it is itself the client of another service.</summary>
public sealed class ServiceCredential
{
    /// <summary>How one is written.</summary>
    public const string Form =
        "ID:SECRET, or ID:SECRET:TOKEN, of visible ASCII characters without commas, colons and stars: id and secret up to 128, the token up to 8192";

    private const int MaxLength = 128;
    private const int MaxTokenLength = 8192;

    private ServiceCredential(string id, string secret, string token)
    {
        Id = id;
        Secret = secret;
        Token = token;
    }

    /// <summary>Services on one's own machine want a signature and do not look whose it is.</summary>
    public static ServiceCredential Local { get; } = new("local", "local", "");

    public string Id { get; }

    public string Secret { get; }

    /// <summary>The session token of a key that is good for a while; empty for one that stays.</summary>
    public string Token { get; }

    /// <summary>
    /// Reads one; null when it is not of that <see cref="Form"/>. Without stars, so that what was printed in a secret's place is never taken for one.
    /// </summary>
    public static ServiceCredential? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(':') switch
        {
            [var id, var secret] when IsGood(id, MaxLength) && IsGood(secret, MaxLength) => new ServiceCredential(id, secret, ""),
            [var id, var secret, var token] when IsGood(id, MaxLength) && IsGood(secret, MaxLength) && IsGood(token, MaxTokenLength) =>
                new ServiceCredential(id, secret, token),
            _ => null,
        };
    }

    /// <summary>Safe to log.</summary>
    public override string ToString() => Id;

    /// <summary>A slash in an id would be read as the next part of the credential's scope, which the service says better than we would.</summary>
    private static bool IsGood(string part, int max) =>
        part.Length > 0 && part.Length <= max && part.All(static c => c is > ' ' and <= '~' and not (',' or '*'));
}

namespace Nines.Tables.Protocol.Signatures;

/// <summary>A client's name, which travels with each request, and the secret it signs with, which never does.</summary>
public sealed class AccessKey
{
    /// <summary>How one is written.</summary>
    public const string Form = "ID:SECRET, the id 1 to 128 of A-Z, a-z, 0-9, '_', '-' and '.', the secret 16 to 128 visible ASCII characters without commas";

    private const int MaxLength = 128;

    /// <summary>Whoever hears one signed request can try secrets as fast as hashes can be made.</summary>
    private const int MinSecretLength = 16;

    private AccessKey(string id, string secret)
    {
        Id = id;
        Secret = secret;
    }

    public string Id { get; }

    public string Secret { get; }

    /// <summary>Reads <c>ID:SECRET</c>; null when it is not of that <see cref="Form"/>.</summary>
    public static AccessKey? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is < 1 or > MaxLength)
        {
            return null;
        }

        string id = text[..colon];
        string secret = text[(colon + 1)..];
        bool isGood = id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            && secret.Length is >= MinSecretLength and <= MaxLength
            && secret.All(static c => c is > ' ' and <= '~' and not ',');
        return isGood ? new AccessKey(id, secret) : null;
    }

    /// <summary>Safe to log.</summary>
    public override string ToString() => Id;
}

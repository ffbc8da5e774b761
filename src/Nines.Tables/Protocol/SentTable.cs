using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// A table as a request names it: by its name or by its ARN. Answers that repeat the name (ConsumedCapacity, Responses, what was left
/// unprocessed) repeat what was sent.
/// </summary>
/// <param name="Name">The table's name; null when nothing was sent.</param>
/// <param name="AsSent">The name or the ARN.</param>
internal readonly record struct SentTable(string? Name, string? AsSent)
{
    private const int NameMin = 3;
    private const int NameMax = 255;

    private const string Format = "Valid ARN format is 'arn:<awsPartition>:<vendor>:<region>:<subscriber>:resourceType/resourceName', where "
        + "Resource name must have length less than or equal to 255, Resource name must have length greater than or equal to 3, "
        + "Resource name must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

    /// <summary>Reads what was sent; an ARN that is none, or of another account or region, is refused.</summary>
    public static TableError? TryRead(string? sent, TableScope scope, out SentTable table)
    {
        table = new SentTable(sent, sent);
        if (sent is null || !sent.StartsWith("arn:", StringComparison.Ordinal))
        {
            return null;
        }

        // arn : partition : vendor : region : account : resource
        const int Parts = 6;
        string[] parts = sent.Split(':', Parts);
        string shown = Constraints.Cut(sent);
        if (parts.Length < Parts || parts[2] != "dynamodb" || !parts[5].Contains('/', StringComparison.Ordinal))
        {
            return Malformed(shown);
        }

        if (parts[1] != "aws")
        {
            return Detected($"Invalid AWS partition in '{shown}'");
        }

        const string Table = "table/";
        if (!parts[5].StartsWith(Table, StringComparison.Ordinal))
        {
            return Detected($"Invalid resource type in '{shown}'");
        }

        string name = parts[5][Table.Length..];
        if (name.Length is < NameMin or > NameMax || !Constraints.IsName(name))
        {
            return Malformed(shown);
        }

        table = new SentTable(name, sent);
        return parts[4] != scope.AccountId ? TableError.AccessDenied()
            : parts[3] != scope.Region ? Detected($"Invalid AWS region in '{shown}'")
            : null;
    }

    private static TableError Malformed(string shown) =>
        Detected($"Value '{shown}' at 'tableName' failed to satisfy constraint: {Format}");

    private static TableError Detected(string violation) => TableError.Validation("1 validation error detected: " + violation);
}

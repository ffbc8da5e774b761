namespace Nines.Node.Commands.Tables;

/// <summary>A request to the tables door that did not succeed, in words for a person.</summary>
/// <param name="type">DynamoDB's error type, without its namespace; empty when no door answered.</param>
internal sealed class TablesException(string type, string message) : Exception(message)
{
    public string Type { get; } = type;

    /// <summary>The request itself is wrong: sending it again changes nothing.</summary>
    public bool IsValidation => Type == "ValidationException";

    public bool IsNoSuchTable => Type == "ResourceNotFoundException";

    public override string ToString() => Type.Length > 0 ? $"{Type}: {Message}" : Message;
}

/// <summary>Arguments that cannot be meant: exit code 2.</summary>
internal sealed class TablesUsageException(string message) : Exception(message);

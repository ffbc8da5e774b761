namespace Nines.Tables.Protocol;

/// <summary>The account and region this server stands for: the ARNs of its tables begin with them.</summary>
public sealed record TableScope(string Region, string AccountId)
{
    /// <summary>That of a server which was told nothing.</summary>
    public static readonly TableScope Default = new("us-east-1", "000000000000");

    /// <summary>What a table's name is appended to.</summary>
    public string ArnPrefix => $"arn:aws:dynamodb:{Region}:{AccountId}:table/";
}

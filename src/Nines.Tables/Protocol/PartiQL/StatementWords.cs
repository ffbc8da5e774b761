namespace Nines.Tables.Protocol.PartiQL;

/// <summary>
/// The keywords of statements. They are no names unless quoted. DynamoDB reserves more words than this server has a use for; those are taken
/// as names here.
/// </summary>
internal static class StatementWords
{
    private static readonly HashSet<string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "FROM", "WHERE", "INSERT", "INTO", "VALUE", "VALUES", "UPDATE", "SET", "REMOVE", "DELETE", "RETURNING", "ORDER", "BY", "ASC",
        "DESC", "LIMIT", "NULL", "MISSING", "TRUE", "FALSE", "EXISTS", "AS", "AND", "OR", "NOT", "BETWEEN", "IN", "IS", "LIKE",
    };

    private static readonly HashSet<string> Operators = new(StringComparer.OrdinalIgnoreCase)
    {
        "AND", "OR", "BETWEEN", "IN", "IS", "LIKE", "AS",
    };

    public static bool IsKeyword(string word) => Keywords.Contains(word);

    /// <summary>A keyword that stands between two operands.</summary>
    public static bool IsOperator(string word) => Operators.Contains(word);
}

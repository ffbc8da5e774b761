using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>The requests that carry little more than a table's name.</summary>
internal static class TableNames
{
    private const int PageMax = 100;

    /// <summary>The first check of the operations on tables: the name is there and 3 to 255 characters long.</summary>
    public static string? Required(string? name) =>
        name is null ? "The parameter 'TableName' is required but was not present in the request"
        : name.Length is < 3 or > 255 ? "TableName must be at least 3 characters long and at most 255 characters long"
        : null;

    /// <summary>DescribeTable, DeleteTable and DescribeTimeToLive: the name.</summary>
    public static ParsedRequest<string> ParseName(ref JsonInput json)
    {
        string? name = null;
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                name = json.Table().Name;
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.Pattern(name, "tableName");
        string? message = Required(name) ?? constraints.Message;
        return message is null ? new(name!) : new(TableError.Validation(message));
    }

    /// <summary>ListTables: where to begin and how many.</summary>
    public static ParsedRequest<ListTablesRequest> ParseList(ref JsonInput json)
    {
        string? start = null;
        long? limit = null;
        while (json.NextMember())
        {
            if (json.Is("ExclusiveStartTableName"u8))
            {
                start = json.String();
            }
            else if (json.Is("Limit"u8))
            {
                limit = json.Integer("Integer");
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.AtLeast(limit, 1, "limit");
        constraints.AtMost(limit, PageMax, "limit");
        constraints.NameIfAny(start, "exclusiveStartTableName");
        return constraints.Message is { } message
            ? new(TableError.Validation(message))
            : new(new ListTablesRequest(start ?? "", (int)(limit ?? PageMax)));
    }
}

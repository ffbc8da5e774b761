using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>TagResource, UntagResource and ListTagsOfResource: the ARN's form, then the constraints, then whose ARN it is, then the tags.</summary>
internal static class Tagging
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private const string Table = "table/";
    private const int NameMin = 3;
    private const int NameMax = 255;

    /// <summary>What an ARN lacks that has this many parts.</summary>
    private static readonly string[] Missing =
    [
        "", "", "Second colon partition not found", "Third colon vendor not found", "Fourth colon (region/namespace delimiter) not found",
        "Fifth colon (namespace/relative-id delimiter) not found",
    ];

    public static ParsedRequest<TagRequest> ParseTag(ref JsonInput json)
    {
        string? arn = null;
        List<TagList.SentTag>? tags = null;
        while (json.NextMember())
        {
            if (json.Is("ResourceArn"u8))
            {
                arn = json.String();
            }
            else if (json.Is("Tags"u8))
            {
                tags = TagList.Read(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        TableError? error = CheckForm(arn) ?? Constrained(tags is not null, "tags") ?? CheckOwner(arn!, json.Scope)
            ?? Said(tags!.Count == 0 ? "Atleast one Tag needs to be provided as Input." : TagList.Check(tags));
        return error is not null ? new(error) : new(new TagRequest(arn!, NameOf(arn!)) { Set = TagList.ToTags(tags!) });
    }

    public static ParsedRequest<TagRequest> ParseUntag(ref JsonInput json)
    {
        string? arn = null;
        List<string?>? keys = null;
        while (json.NextMember())
        {
            if (json.Is("ResourceArn"u8))
            {
                arn = json.String();
            }
            else if (json.Is("TagKeys"u8))
            {
                keys = TagList.ReadKeys(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        TableError? error = CheckForm(arn) ?? Constrained(keys is not null, "tagKeys") ?? CheckOwner(arn!, json.Scope)
            ?? Said(keys!.Count == 0 ? "Atleast one Tag Key needs to be provided as Input." : TagList.Check(keys));
        return error is not null ? new(error) : new(new TagRequest(arn!, NameOf(arn!)) { Removed = keys!.ConvertAll(key => key!) });
    }

    public static ParsedRequest<TagRequest> ParseList(ref JsonInput json)
    {
        string? arn = null;
        string? token = null;
        while (json.NextMember())
        {
            if (json.Is("ResourceArn"u8))
            {
                arn = json.String();
            }
            else if (json.Is("NextToken"u8))
            {
                token = json.String();
            }
            else
            {
                json.Skip();
            }
        }

        // All the tags a table can have fit one page, so no token was ever given out.
        TableError? error = CheckForm(arn) ?? CheckOwner(arn!, json.Scope)
            ?? Said(token is null ? null : Invalid + "Provided NextToken is invalid: " + Constraints.Cut(token));
        return error is not null ? new(error) : new(new TagRequest(arn!, NameOf(arn!)));
    }

    /// <summary>There is no such table.</summary>
    public static TableError NotFound(string arn) =>
        TableError.ResourceNotFound($"Requested resource not found: ResourceArn: {Constraints.Cut(arn)} not found");

    /// <summary>That it is an ARN at all.</summary>
    private static TableError? CheckForm(string? arn)
    {
        if (arn is null)
        {
            return TableError.Validation("Invalid TableArn");
        }

        string shown = Constraints.Cut(arn);
        if (!arn.StartsWith("arn:", StringComparison.Ordinal))
        {
            return TableError.Validation($"{Invalid}ARNs must start with 'arn:': {shown}");
        }

        int parts = arn.Split(':', Missing.Length).Length;
        return parts < Missing.Length ? TableError.Validation($"{Invalid}{Missing[parts]}: {shown}") : null;
    }

    /// <summary>That it is the ARN of a table of this account and region.</summary>
    private static TableError? CheckOwner(string arn, TableScope scope)
    {
        // arn : partition : vendor : region : account : resource
        string[] parts = arn.Split(':', Missing.Length);
        string shown = Constraints.Cut(arn);
        if (parts[1] != "aws" || parts[2] != "dynamodb")
        {
            return TableError.AccessDenied();
        }

        if (!parts[5].StartsWith(Table, StringComparison.Ordinal))
        {
            return TableError.Validation($"{Invalid}Provided Arn is not a DynamoDB resource arn: {shown}");
        }

        if (parts[4] != scope.AccountId)
        {
            return TableError.AccessDenied();
        }

        string name = NameOf(arn);
        return name.Contains("/index/", StringComparison.Ordinal)
                ? TableError.Validation($"{Invalid}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {shown}")
            : name.Contains("/stream/", StringComparison.Ordinal) ? NotFound(arn)
            : parts[3] != scope.Region || name.Length is < NameMin or > NameMax || !Constraints.IsName(name)
                ? TableError.Validation("Invalid TableArn: Invalid ResourceArn provided as input " + shown)
            : null;
    }

    /// <summary>The table's name in the ARN of a table.</summary>
    private static string NameOf(string arn) => arn.Split(':', Missing.Length)[^1][Table.Length..];

    private static TableError? Constrained(bool isPresent, string at)
    {
        var constraints = default(Constraints);
        constraints.NotNull(isPresent, at);
        return Said(constraints.Message);
    }

    private static TableError? Said(string? message) => message is null ? null : TableError.Validation(message);
}

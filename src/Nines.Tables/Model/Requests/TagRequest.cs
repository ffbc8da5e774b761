using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Requests;

/// <summary>TagResource, UntagResource and ListTagsOfResource: a table by its ARN, and what is to change of its tags.</summary>
public sealed record TagRequest(string Arn, string TableName)
{
    /// <summary>Tags to set.</summary>
    public TableTags Set { get; init; } = TableTags.None;

    /// <summary>Keys of tags to remove.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];
}

using System.Globalization;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model;

/// <summary>How clients see streams and shards, and what they are told of those there are not.</summary>
public static class StreamIds
{
    private const string ShardPrefix = "shardId-";
    private const int StreamDigits = 20;
    private const int GroupDigits = 8;

    /// <summary>"shardId-", the stream's id in 20 digits, "-", the group in 8 hexadecimal digits: in the order of streams and groups.</summary>
    public static string ShardId(ShardName shard) =>
        string.Create(CultureInfo.InvariantCulture, $"{ShardPrefix}{shard.StreamId:D20}-{shard.Group:x8}");

    /// <summary>Reads <see cref="ShardId"/>; null when the text is none.</summary>
    public static ShardName? TryParseShardId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const int Group = 8 + StreamDigits + 1;
        bool isOne = text.Length == Group + GroupDigits && text.StartsWith(ShardPrefix, StringComparison.Ordinal) && text[Group - 1] == '-';
        return isOne
            && ulong.TryParse(text.AsSpan(ShardPrefix.Length, StreamDigits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong stream)
            && int.TryParse(text.AsSpan(Group), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int group)
            && group >= 0 && ShardId(new ShardName(stream, group)) == text
                ? new ShardName(stream, group)
                : null;
    }

    /// <summary>There is no such stream, or its 24 hours are over.</summary>
    public static TableError NotFound(string arn) =>
        TableError.ResourceNotFound($"Requested resource not found: Stream: {arn} not found");

    /// <summary>The stream has no such shard.</summary>
    public static TableError NoShard(string shardId) =>
        TableError.ResourceNotFound($"Requested resource not found: Shard: {shardId} not found");
}

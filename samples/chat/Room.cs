using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;

namespace Nines.Samples.Chat;

/// <summary>A message in a room.</summary>
/// <param name="Number">1, 2, 3, ... without gaps: whoever sees a message sees all before it.</param>
/// <param name="Id">Chosen by the service for each post.</param>
/// <param name="Author">Who says they wrote it.</param>
/// <param name="Text">What they wrote.</param>
public sealed record Message(long Number, string Id, string Author, string Text);

/// <summary>
/// A room is a partition of one table, a message an item under its number. Whoever posts takes the number after the last one, on the condition
/// that nobody else has it yet.
/// </summary>
internal sealed class Room(IAmazonDynamoDB tables, string name)
{
    public const string Table = "chat";

    /// <summary>Messages that one read returns at most.</summary>
    public const int PageSize = 200;

    public static Task MakeTableAsync(IAmazonDynamoDB tables, CancellationToken cancel) =>
        NewTable.MakeAsync(tables, Table, "room", ("number", ScalarAttributeType.N), cancel);

    /// <summary>Posts once, behind all that was posted before.</summary>
    public async Task<Message> PostAsync(string author, string text, CancellationToken cancel)
    {
        string id = Guid.NewGuid().ToString();
        for (long number = await LastAsync(cancel) + 1; ; number++)
        {
            var message = new Message(number, id, author, text);
            if (await TryTakeAsync(message, cancel))
            {
                return message;
            }
        }
    }

    /// <summary>The messages behind a number, in order, read as the session that is entered says.</summary>
    public async Task<IReadOnlyList<Message>> AfterAsync(long number, CancellationToken cancel)
    {
        QueryResponse found = await tables.QueryAsync(
            new QueryRequest
            {
                TableName = Table,
                KeyConditionExpression = "room = :room AND #n > :number",
                ExpressionAttributeNames = Number,
                ExpressionAttributeValues = new() { [":room"] = new(name), [":number"] = Value(number) },
                Limit = PageSize,
            },
            cancel);
        return [.. found.Items.Select(Read)];
    }

    /// <summary>The newest number; 0 in an empty room.</summary>
    private async Task<long> LastAsync(CancellationToken cancel)
    {
        QueryResponse found = await tables.QueryAsync(
            new QueryRequest
            {
                TableName = Table,
                KeyConditionExpression = "room = :room",
                ExpressionAttributeValues = new() { [":room"] = new(name) },
                ScanIndexForward = false,
                Limit = 1,
                ConsistentRead = true,
            },
            cancel);
        return found.Items.Count == 0 ? 0 : Read(found.Items[0]).Number;
    }

    private async Task<bool> TryTakeAsync(Message message, CancellationToken cancel)
    {
        try
        {
            await tables.PutItemAsync(
                new PutItemRequest
                {
                    TableName = Table,
                    Item = new()
                    {
                        ["room"] = new(name), ["number"] = Value(message.Number), ["id"] = new(message.Id), ["author"] = new(message.Author),
                        ["text"] = new(message.Text),
                    },
                    ConditionExpression = "attribute_not_exists(room)",
                    ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure.ALL_OLD,
                },
                cancel);
            return true;
        }
        catch (ConditionalCheckFailedException taken)
        {
            // By this message, when an earlier send of it was done and its answer was lost.
            return taken.Item is { Count: > 0 } item && Read(item).Id == message.Id;
        }
    }

    private static Dictionary<string, string> Number => new() { ["#n"] = "number" };

    private static AttributeValue Value(long number) => new() { N = number.ToString(CultureInfo.InvariantCulture) };

    private static Message Read(Dictionary<string, AttributeValue> item) =>
        new(long.Parse(item["number"].N, CultureInfo.InvariantCulture), item["id"].S, item["author"].S, item["text"].S);
}

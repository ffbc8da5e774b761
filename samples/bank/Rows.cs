using System.Globalization;
using Amazon.DynamoDBv2.Model;

namespace Nines.Samples.Bank;

/// <summary>How the ledger's things are written as items.</summary>
internal static class Rows
{
    private const string JournalPrefix = "journal#";
    private const string RequestPrefix = "request#";

    public static Dictionary<string, AttributeValue> Key(string account, string entry) =>
        new() { ["account"] = new(account), ["entry"] = new(entry) };

    public static Dictionary<string, AttributeValue> RequestKey(Transfer transfer) => Key(transfer.From, RequestPrefix + transfer.Request);

    public static Put Opening(string account, long balance) => New(Key(account, "balance"), ("balance", balance), ("entries", 0));

    public static (long Balance, long Entries) BalanceIn(Dictionary<string, AttributeValue>? item) =>
        item is { Count: > 0 } ? (NumberIn(item, "balance"), NumberIn(item, "entries")) : (0, 0);

    public static Receipt ReceiptIn(Dictionary<string, AttributeValue> item) => new(true, NumberIn(item, "balance"), NumberIn(item, "number"));

    public static Entry EntryIn(Dictionary<string, AttributeValue> item) => new(
        NumberIn(item, "number"), NumberIn(item, "change"), NumberIn(item, "balance"), item["other"].S, item["request"].S);

    /// <summary>The last lines of a journal before a number, the latest first.</summary>
    public static QueryRequest LastEntries(string account, int lines, long before) => new()
    {
        TableName = Ledger.Table,
        KeyConditionExpression = "account = :account AND entry BETWEEN :first AND :last",
        ExpressionAttributeValues = new() { [":account"] = new(account), [":first"] = new(LineKey(0)), [":last"] = new(LineKey(before - 1)) },
        ScanIndexForward = false,
        Limit = lines,
    };

    /// <summary>Debit, credit, a line in both journals, and the request's name, which can be paid once.</summary>
    public static TransactWriteItemsRequest Write(Transfer transfer, (long Balance, long Entries) from, (long Balance, long Entries) to) => new()
    {
        TransactItems =
        [
            new() { Update = Change(transfer.From, -transfer.Amount, from.Entries, "balance >= :amount AND ") },
            new() { Update = Change(transfer.To, transfer.Amount, to.Entries, "") },
            new() { Put = Line(transfer.From, -transfer.Amount, from, transfer.To, transfer.Request) },
            new() { Put = Line(transfer.To, transfer.Amount, to, transfer.From, transfer.Request) },
            new() { Put = New(RequestKey(transfer), ("balance", from.Balance - transfer.Amount), ("number", from.Entries + 1)) },
        ],
    };

    private static Update Change(string account, long change, long seen, string condition)
    {
        var update = new Update
        {
            TableName = Ledger.Table,
            Key = Key(account, "balance"),
            UpdateExpression = "SET balance = balance + :change, entries = entries + :one",
            ConditionExpression = condition + "entries = :seen",
            ExpressionAttributeValues = new() { [":change"] = Number(change), [":one"] = Number(1), [":seen"] = Number(seen) },
        };
        if (condition.Length > 0)
        {
            update.ExpressionAttributeValues[":amount"] = Number(-change);
        }

        return update;
    }

    private static Put Line(string account, long change, (long Balance, long Entries) seen, string other, string request)
    {
        long number = seen.Entries + 1;
        Put line = New(
            Key(account, LineKey(number)),
            ("number", number), ("change", change), ("balance", seen.Balance + change));
        line.Item["other"] = new(other);
        line.Item["request"] = new(request);
        return line;
    }

    /// <summary>Numbers are written with leading zeros, so that their texts sort as they do.</summary>
    private static string LineKey(long number) => string.Create(CultureInfo.InvariantCulture, $"{JournalPrefix}{number:D12}");

    private static Put New(Dictionary<string, AttributeValue> item, params ReadOnlySpan<(string Name, long Value)> numbers)
    {
        foreach ((string name, long value) in numbers)
        {
            item[name] = Number(value);
        }

        return new Put { TableName = Ledger.Table, Item = item, ConditionExpression = "attribute_not_exists(account)" };
    }

    private static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    private static long NumberIn(Dictionary<string, AttributeValue> item, string name) => long.Parse(item[name].N, CultureInfo.InvariantCulture);
}

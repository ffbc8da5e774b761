using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary>An item to write, with the line it came from.</summary>
internal sealed record ImportItem(long Line, JsonElement Item, string Key, int Bytes);

/// <summary>
/// Writes items in batches, several at a time. What the door hands back as unprocessed is sent again after a while. Items with one key
/// are written in the order they came in: the last one stays.
/// </summary>
/// <param name="refused">Called for an item the door does not take, with the reason; from any thread.</param>
internal sealed class BatchWriter(
    TablesClient client, string table, int parallel, TimeProvider time, Transfer transfer, Action<long, string> refused, CancellationToken cancel)
{
    /// <summary>DynamoDB's own bound.</summary>
    public const int BatchItems = 25;

    /// <summary>Far below the bound of a request, which counts JSON; many small requests are as fast as few large ones.</summary>
    private const int BatchBytes = 2 << 20;

    private readonly List<(Task Task, HashSet<string> Keys)> _running = [];
    private Dictionary<string, ImportItem> _batch = [];
    private int _batchBytes;

    /// <summary>Waits while as many batches as allowed are under way.</summary>
    /// <exception cref="TablesException">A batch failed for good.</exception>
    public async Task AddAsync(ImportItem item)
    {
        if (_batch.ContainsKey(item.Key) || _batch.Count == BatchItems || _batchBytes + item.Bytes > BatchBytes)
        {
            await StartAsync();
        }

        // The batch before may come later than this one, so it has to end first.
        foreach (Task same in _running.Where(r => r.Keys.Contains(item.Key)).Select(r => r.Task).ToArray())
        {
            await same;
        }

        _batch.Add(item.Key, item);
        _batchBytes += item.Bytes;
    }

    /// <summary>Writes what is left, and waits until all is written.</summary>
    public async Task FinishAsync()
    {
        await StartAsync();
        await Task.WhenAll(_running.Select(r => r.Task));
    }

    /// <summary>Waits for what is under way, whatever becomes of it: after this nothing is counted any more.</summary>
    public async Task SettleAsync()
    {
        foreach ((Task task, _) in _running)
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StartAsync()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        while (_running.Count >= parallel)
        {
            await await Task.WhenAny(_running.Select(r => r.Task));
            await Task.WhenAll(_running.Where(r => r.Task.IsCompleted).Select(r => r.Task));
            _running.RemoveAll(r => r.Task.IsCompletedSuccessfully);
        }

        _running.Add((WriteAsync([.. _batch.Values]), [.. _batch.Keys]));
        _batch = [];
        _batchBytes = 0;
    }

    private async Task WriteAsync(IReadOnlyList<ImportItem> batch)
    {
        List<JsonElement> left = [.. batch.Select(i => i.Item)];
        for (int attempt = 1; left.Count > 0; attempt++)
        {
            JsonElement answer;
            try
            {
                answer = await client.SendAsync("BatchWriteItem", Request(left), cancel);
            }
            catch (TablesException e) when (e.IsValidation)
            {
                // One item that is not allowed refuses the whole batch, and which one it is nobody says.
                await WriteSinglyAsync(batch);
                return;
            }

            List<JsonElement> unprocessed = Unprocessed(answer);
            transfer.AddItems(left.Count - unprocessed.Count);
            if (unprocessed.Count > 0)
            {
                // Progress, however small, is a reason to go on.
                attempt = unprocessed.Count < left.Count ? 1 : attempt;
                await WaitAsync(attempt, unprocessed.Count);
            }

            left = unprocessed;
        }
    }

    private async Task WriteSinglyAsync(IReadOnlyList<ImportItem> batch)
    {
        foreach (ImportItem item in batch)
        {
            try
            {
                await client.SendAsync("PutItem", new JsonObject { ["TableName"] = table, ["Item"] = JsonObject.Create(item.Item) }, cancel);
                transfer.AddItems(1);
            }
            catch (TablesException e) when (e.IsValidation)
            {
                refused(item.Line, e.Message);
            }
        }
    }

    private Task WaitAsync(int attempt, int unprocessed) => attempt < Backoff.AttemptsMax
        ? Backoff.WaitAsync(attempt, TimeSpan.Zero, time, cancel)
        : throw new TablesException("", $"{unprocessed} items of a batch came back unprocessed {attempt} times in a row; the node has no room for more now");

    private byte[] Request(List<JsonElement> items) => ItemJson.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("RequestItems");
        writer.WriteStartArray(table);
        foreach (JsonElement item in items)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("PutRequest");
            writer.WritePropertyName("Item");
            writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(item), skipInputValidation: true);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private List<JsonElement> Unprocessed(JsonElement answer) =>
        answer.TryGetProperty("UnprocessedItems", out JsonElement tables) && tables.TryGetProperty(table, out JsonElement left)
            ? [.. left.EnumerateArray().Select(r => r.GetProperty("PutRequest").GetProperty("Item"))]
            : [];
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Nines.Node.Commands.Tables;

/// <summary>Query and Scan, page after page: each page's LastEvaluatedKey is where the next one starts.</summary>
internal static class PagedRead
{
    public const int SegmentsMax = 64;

    /// <param name="request">Is changed from page to page.</param>
    public static async IAsyncEnumerable<JsonElement> PagesAsync(
        TablesClient client, string operation, JsonObject request, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            JsonElement page = await client.SendAsync(operation, request, cancel);
            yield return page;
            if (!page.TryGetProperty("LastEvaluatedKey", out JsonElement last) || last.ValueKind != JsonValueKind.Object)
            {
                yield break;
            }

            request["ExclusiveStartKey"] = JsonObject.Create(last);
        }
    }

    /// <summary>
    /// A scan in parallel segments, pages in the order they come. At most two pages a segment are held: one on its way, one that waits to be
    /// taken. When one segment fails, all end, and so does this.
    /// </summary>
    public static IAsyncEnumerable<JsonElement> ScanAsync(TablesClient client, JsonObject request, int segments, CancellationToken cancel) =>
        segments == 1 ? PagesAsync(client, "Scan", request, cancel) : SegmentsAsync(client, request, segments, cancel);

    private static async IAsyncEnumerable<JsonElement> SegmentsAsync(
        TablesClient client, JsonObject request, int segments, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<JsonElement> pages = Channel.CreateBounded<JsonElement>(segments);
        Task all = FillAsync(client, request, segments, pages.Writer, stop);
        try
        {
            await foreach (JsonElement page in pages.Reader.ReadAllAsync(cancel))
            {
                yield return page;
            }
        }
        finally
        {
            // Also when the caller has had enough.
            await stop.CancelAsync();
            await all;
        }
    }

    /// <summary>Never fails: what went wrong is found at the end of the pages.</summary>
    private static async Task FillAsync(
        TablesClient client, JsonObject request, int segments, ChannelWriter<JsonElement> pages, CancellationTokenSource stop)
    {
        Exception? first = null;
        async Task SegmentAsync(int segment)
        {
            try
            {
                var own = (JsonObject)request.DeepClone();
                own["Segment"] = segment;
                own["TotalSegments"] = segments;
                await foreach (JsonElement page in PagesAsync(client, "Scan", own, stop.Token))
                {
                    await pages.WriteAsync(page, stop.Token);
                }
            }
            catch (Exception e) when (e is TablesException or OperationCanceledException)
            {
                // The others end because of this one, with an error that says nothing.
                Interlocked.CompareExchange(ref first, e, null);
                await stop.CancelAsync();
            }
        }

        await Task.WhenAll(Enumerable.Range(0, segments).Select(SegmentAsync));
        pages.Complete(first);
    }
}

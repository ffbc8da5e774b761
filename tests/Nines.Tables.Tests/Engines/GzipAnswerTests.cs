using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Http;
using Nines.Tables.Protocol;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Large answers are compressed for who wants it, with the checksum SDKs expect: that of the bytes on the wire.</summary>
public sealed class GzipAnswerTests : IAsyncLifetime
{
    private const string GetLarge = """{"TableName":"table","Key":{"id":{"S":"large"}},"ConsistentRead":true}""";
    private const string GetSmall = """{"TableName":"table","Key":{"id":{"S":"small"}},"ConsistentRead":true}""";

    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("table");
        foreach ((string id, int length) in new[] { ("large", 5000), ("small", 3500) })
        {
            string item = """{"TableName":"table","Item":{"id":{"S":"ID"},"v":{"S":"VALUE"}}}""";
            item = item.Replace("ID", id, StringComparison.Ordinal).Replace("VALUE", new string('x', length), StringComparison.Ordinal);
            Assert.Equal(200, (await _door.SendAsync("PutItem", item)).Status);
        }
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Fact]
    public async Task A_large_answer_is_compressed_for_who_asks_and_its_checksum_is_that_of_what_is_sent()
    {
        (byte[] plain, HttpResponseMessage _) = await SendAsync(GetLarge, null);
        (byte[] packed, HttpResponseMessage answer) = await SendAsync(GetLarge, "gzip, deflate");
        Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", answer.Headers.Vary);
        Assert.Equal(packed.Length, answer.Content.Headers.ContentLength);
        Assert.True(packed.Length < plain.Length / 10, $"{packed.Length} of {plain.Length}");
        Assert.Equal([Crc32.Of(packed).ToString()], answer.Headers.GetValues("x-amz-crc32"));
        Assert.Equal(["done"], answer.Headers.GetValues("x-nines-outcome"));
        using var unpacked = new MemoryStream();
        await using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        await gzip.CopyToAsync(unpacked);
        Assert.Equal(plain, unpacked.ToArray());
    }

    [Theory]
    [InlineData(GetLarge, null, true)]
    [InlineData(GetLarge, "identity", true)]
    [InlineData(GetLarge, "gzip;q=0", true)]
    [InlineData(GetSmall, "gzip", false)]
    public async Task Other_answers_are_sent_as_they_are(string request, string? accepted, bool varies)
    {
        (byte[] body, HttpResponseMessage answer) = await SendAsync(request, accepted);
        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.StartsWith("{\"Item\":", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Equal([Crc32.Of(body).ToString()], answer.Headers.GetValues("x-amz-crc32"));
        Assert.Equal(varies, answer.Headers.Vary.Contains("Accept-Encoding"));
    }

    [Fact]
    public async Task An_sdk_reads_answers_that_are_compressed()
    {
        using var client = new AmazonDynamoDBClient(new BasicAWSCredentials("key", "secret"), new AmazonDynamoDBConfig
        {
            ServiceURL = _door.Address, AuthenticationRegion = "local", MaxErrorRetry = 0, HttpClientFactory = new Unpacking(),
        });
        GetItemResponse read = await client.GetItemAsync("table", new() { ["id"] = new() { S = "large" } }, consistentRead: true);
        Assert.Equal(5000, read.Item["v"].S.Length);
    }

    [Theory]
    [InlineData(GetSmall, true)]
    [InlineData(GetLarge, false)]
    public async Task Compressing_is_not_done_on_the_loop_that_brought_the_request(string request, bool isHere)
    {
        var door = new TablesDoor(_door.Engine);
        var exchange = new Exchange(request);

        // The thread lives until the answer is there: its id is nobody else's.
        var ended = new TaskCompletionSource();
        var loop = new Thread(() =>
        {
            exchange.Handled = door.HandleAsync(exchange).AsTask();
            exchange.Handled.Wait();
            ended.SetResult();
        });
        loop.Start();
        await ended.Task;
        Assert.Equal(isHere, exchange.AnsweredOn == loop.ManagedThreadId);
    }

    private async Task<(byte[] Body, HttpResponseMessage Answer)> SendAsync(string body, string? accepted)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _door.Address) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "DynamoDB_20120810.GetItem");
        if (accepted is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        }

        HttpResponseMessage answer = await _door.Client.SendAsync(request);
        Assert.Equal(200, (int)answer.StatusCode);
        return (await answer.Content.ReadAsByteArrayAsync(), answer);
    }

    /// <summary>Asks for gzip and undoes it below the SDK, as HTTP clients do.</summary>
    private sealed class Unpacking : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(new SocketsHttpHandler { AutomaticDecompression = System.Net.DecompressionMethods.GZip });
    }

    /// <summary>A request that wants gzip, and its answer, without a connection.</summary>
    private sealed class Exchange(string body) : HttpExchange
    {
        private readonly Dictionary<string, byte[]> _headers = new(StringComparer.OrdinalIgnoreCase)
        {
            ["content-type"] = "application/x-amz-json-1.0"u8.ToArray(),
            ["x-amz-target"] = "DynamoDB_20120810.GetItem"u8.ToArray(),
            ["accept-encoding"] = "gzip"u8.ToArray(),
        };

        public int AnsweredOn { get; private set; }

        public Task Handled { get; set; } = Task.CompletedTask;

        public override ReadOnlySpan<byte> Method => "POST"u8;

        public override ReadOnlySpan<byte> Target => "/"u8;

        public override ReadOnlyMemory<byte> Body { get; } = Encoding.UTF8.GetBytes(body);

        public override bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            bool found = _headers.TryGetValue(Encoding.ASCII.GetString(name), out byte[]? bytes);
            value = bytes;
            return found;
        }

        public override void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }

        public override void Answer(int status, ReadOnlySpan<byte> body) => AnsweredOn = Environment.CurrentManagedThreadId;
    }
}

using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Nines.Tables.Engines.External;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>The door in front of another service: what it hands on, what it does itself, and what it says when the service does not answer.</summary>
public sealed class ExternalTests
{
    private const string Get = """{"TableName":"table","Key":{"id":{"S":"a"}}}""";

    [Theory]
    [InlineData("GetItem", "DynamoDB_20120810.GetItem")]
    [InlineData("ExportTableToPointInTime", "DynamoDB_20120810.ExportTableToPointInTime")]
    [InlineData("DynamoDBStreams_20120810.ListStreams", "DynamoDBStreams_20120810.ListStreams")]
    public async Task An_operation_is_handed_on_as_it_is_and_so_is_its_answer(string operation, string target)
    {
        const string Error = """{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}""";
        await using var service = new FakeService(_ => FakeService.Answer(400, Error, "x-amzn-RequestId: THEIRS", "x-amz-crc32: " + Crc(Error)));
        await using ExternalDoor door = await StartAsync(service);
        DoorAnswer answer = await door.SendAsync(operation, Get, ("amz-sdk-invocation-id", "an-id"));
        Assert.Equal((400, Error), (answer.Status, answer.Body));
        Assert.Equal(("not-done", "n1", Crc(Error)), (answer["x-nines-outcome"], answer["x-nines-node"], answer["x-amz-crc32"]));
        Assert.Matches("^[A-Z0-9]{52}$", answer["x-amzn-RequestId"]);
        string sent = Assert.Single(service.Requests);
        Assert.StartsWith("POST / HTTP/1.1\r\n", sent, StringComparison.Ordinal);
        Assert.Contains($"\r\nX-Amz-Target: {target}\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/x-amz-json-1.0\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("\r\namz-sdk-invocation-id: an-id\r\n", sent, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + Get, sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, null, "done")]
    [InlineData(200, "unknown", "unknown")]
    [InlineData(400, null, "not-done")]
    [InlineData(500, null, "unknown")]
    [InlineData(503, null, "unknown")]
    [InlineData(503, "not-done", "not-done")]
    [InlineData(302, null, "unknown")]
    public async Task The_outcome_is_what_the_answer_allows_to_say(int status, string? said, string outcome)
    {
        string[] fields = said is null ? ["Retry-After: 7"] : ["Retry-After: 7", "x-nines-outcome: " + said];
        await using var service = new FakeService(_ => FakeService.Answer(status, "{}", fields));
        await using ExternalDoor door = await StartAsync(service);
        DoorAnswer answer = await door.SendAsync("PutItem", Get);
        Assert.Equal((status, "{}", outcome, "7"), (answer.Status, answer.Body, answer["x-nines-outcome"], answer["Retry-After"]));
    }

    [Fact]
    public async Task A_refused_connection_is_not_done()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = new Uri($"http://{listener.LocalEndpoint}");
        listener.Stop();
        await using ExternalDoor door = await ExternalDoor.StartAsync(new ExternalOptions { Endpoint = endpoint });
        AssertFailed(await door.SendAsync("PutItem", Get), 503, "ServiceUnavailable", "not-done", "cannot be connected to");
    }

    [Fact]
    public async Task A_connection_that_ends_without_an_answer_is_unknown_and_nothing_is_sent_twice()
    {
        int count = 0;
        await using var service = new FakeService(_ => ++count == 1 ? FakeService.Answer(200, "{}") : "");
        await using ExternalDoor door = await StartAsync(service);
        Assert.Equal(200, (await door.SendAsync("PutItem", Get)).Status);
        AssertFailed(await door.SendAsync("PutItem", Get), 500, "InternalServerError", "unknown", "ended before it had answered");
        Assert.Equal(2, service.Requests.Count);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_unknown()
    {
        await using var service = new FakeService(_ => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{}");
        await using ExternalDoor door = await StartAsync(service);
        AssertFailed(await door.SendAsync("PutItem", Get), 500, "InternalServerError", "unknown", "ended before it had answered");
    }

    [Fact]
    public async Task Silence_is_unknown_when_the_deadline_has_passed_and_a_request_that_waited_behind_it_is_not_done()
    {
        var time = new ManualTime();
        var never = new TaskCompletionSource<string>();
        await using var service = new FakeService(_ => never.Task);
        await using ExternalDoor door = await StartAsync(service, o => o with { MaxConnections = 1, Time = time });
        Task<DoorAnswer> first = door.SendAsync("PutItem", Get);
        await service.ArrivedAsync(1);
        Task<DoorAnswer> second = door.SendAsync("PutItem", Get, ("x-nines-timeout-ms", "100"));
        await time.CreatedAsync(2);
        time.Tick(TimeSpan.FromMilliseconds(100));
        AssertFailed(await second, 503, "ServiceUnavailable", "not-done", "within the deadline");
        Assert.False(first.IsCompleted);
        time.Tick(TablesDoorOptions.DefaultTimeout);
        AssertFailed(await first, 500, "InternalServerError", "unknown", "within the deadline");
        Assert.Single(service.Requests);
    }

    [Fact]
    public async Task More_requests_than_are_allowed_are_refused_at_once()
    {
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new FakeService(_ => gate.Task);
        await using ExternalDoor door = await StartAsync(service, o => o with { MaxRequests = 1 });
        Task<DoorAnswer> first = door.SendAsync("PutItem", Get);
        await service.ArrivedAsync(1);
        AssertFailed(
            await door.SendAsync("PutItem", Get), 400, "ProvisionedThroughputExceededException", "not-done", "too many requests are waiting");
        gate.SetResult(FakeService.Answer(200, "{}"));
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await door.SendAsync("PutItem", Get)).Status);
    }

    [Theory]
    [InlineData(100, 1 << 20)]
    [InlineData(1 << 20, 100)]
    public async Task An_answer_larger_than_allowed_is_unknown_and_the_next_one_is_read(int one, long all)
    {
        await using var service = new FakeService(
            request => FakeService.Answer(200, request.Contains("Scan", StringComparison.Ordinal) ? new string('x', 200) : "{}"));
        await using ExternalDoor door = await StartAsync(service, o => o with { MaxAnswerBytes = one, MaxAllAnswerBytes = all });
        AssertFailed(await door.SendAsync("Scan", "{}"), 500, "InternalServerError", "unknown", "larger than this node holds");
        for (int i = 0; i < 60; i++)
        {
            Assert.Equal(200, (await door.SendAsync("GetItem", Get)).Status);
        }
    }

    [Theory]
    [InlineData("x-amz-crc32: 1")]
    [InlineData("Content-Encoding: gzip")]
    public async Task A_damaged_answer_is_not_handed_on(string field)
    {
        await using var service = new FakeService(_ => FakeService.Answer(200, "{}", field));
        await using ExternalDoor door = await StartAsync(service);
        AssertFailed(await door.SendAsync("PutItem", Get), 500, "InternalServerError", "unknown", "damaged");
    }

    [Fact]
    public async Task Compression_is_between_the_door_and_its_clients()
    {
        string large = """{"Item":{"v":{"S":"X"}}}""".Replace("X", new string('x', 100_000), StringComparison.Ordinal);
        await using var service = new FakeService(_ => FakeService.Answer(200, large));
        await using ExternalDoor door = await StartAsync(service);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Get));
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, door.Address) { Content = new ByteArrayContent(packed.ToArray()) };
        request.Content.Headers.ContentType = new("application/json");
        request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.Add("X-Amz-Target", "DynamoDB_20120810.GetItem");
        request.Headers.Add("Accept-Encoding", "gzip");
        using HttpResponseMessage response = await door.Client.SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(Crc32.Of(body).ToString(), response.Headers.GetValues("x-amz-crc32").Single());
        using var unpacked = new StreamReader(new GZipStream(new MemoryStream(body), CompressionMode.Decompress));
        Assert.Equal(large, await unpacked.ReadToEndAsync());
        string sent = Assert.Single(service.Requests);
        Assert.EndsWith("\r\n\r\n" + Get, sent, StringComparison.Ordinal);
        Assert.DoesNotContain("gzip", sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AnotherService_20120810.GetItem", "", "", "UnknownOperationException")]
    [InlineData("DynamoDB_20120810.Get/Item", "", "", "UnknownOperationException")]
    [InlineData("GetItem", "x-nines-consistency", "strong", "Use ConsistentRead")]
    [InlineData("GetItem", "x-nines-consistency", "sequential", "Use ConsistentRead")]
    [InlineData("GetItem", "x-nines-session", "", "Use ConsistentRead")]
    [InlineData("GetItem", "x-nines-timeout-ms", "0", "x-nines-timeout-ms")]
    [InlineData("GetItem", "content-encoding", "br", "SerializationException")]
    public async Task What_the_door_refuses_itself_reaches_no_service(string operation, string field, string value, string says)
    {
        await using var service = new FakeService(_ => FakeService.Answer(200, "{}"));
        await using ExternalDoor door = await StartAsync(service);
        using var request = new HttpRequestMessage(HttpMethod.Post, door.Address) { Content = new StringContent(Get, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Amz-Target", operation.Contains('.', StringComparison.Ordinal) ? operation : "DynamoDB_20120810." + operation);
        if (field == "content-encoding")
        {
            request.Content.Headers.ContentEncoding.Add(value);
        }
        else if (field.Length > 0)
        {
            request.Headers.TryAddWithoutValidation(field, value);
        }

        DoorAnswer answer = await DoorAnswer.OfAsync(await door.Client.SendAsync(request));
        Assert.Equal((400, "not-done"), (answer.Status, answer["x-nines-outcome"]));
        Assert.Contains(says, answer.Body, StringComparison.Ordinal);
        Assert.Empty(service.Requests);
    }

    [Fact]
    public async Task Who_has_no_key_of_the_door_is_not_let_in_whatever_the_service_would_say()
    {
        await using var service = new FakeService(_ => FakeService.Answer(200, "{}"));
        await using ExternalDoor door = await ExternalDoor.StartAsync(
            new ExternalOptions { Endpoint = service.Endpoint },
            new TablesDoorOptions { AccessKeys = [AccessKey.TryParse("a:0123456789abcdef")!] });
        Assert.Contains("MissingAuthenticationTokenException", (await door.SendAsync("GetItem", Get)).Body, StringComparison.Ordinal);
        Assert.Empty(service.Requests);
        Assert.StartsWith("healthy: ", await door.Client.GetStringAsync(new Uri(door.Address)), StringComparison.Ordinal);
    }

    /// <summary>The other service is a door of ours that looks at signatures; those of the AWS SDK pass the same check.</summary>
    [Theory]
    [InlineData("good:0123456789abcdef", 200)]
    [InlineData("good:0123456789abcdef:a-session+token/of=AWS", 200)]
    [InlineData("good:0123456789abcdee", 400)]
    [InlineData("bad:0123456789abcdef", 400)]
    public async Task Requests_are_signed_with_the_configured_key(string credential, int status)
    {
        await using DoorHost other = await DoorHost.StartAsync(
            options: new TablesDoorOptions { AccessKeys = [AccessKey.TryParse("good:0123456789abcdef")!] });
        await using ExternalDoor door = await ExternalDoor.StartAsync(
            new ExternalOptions { Endpoint = new Uri(other.Address), Credential = ServiceCredential.TryParse(credential)!, Region = "eu-west-1" });
        DoorAnswer answer = await door.SendAsync("ListTables", "{}");
        Assert.Equal(status, answer.Status);
        Assert.Contains(status == 200 ? "\"TableNames\":[]" : credential.StartsWith('b') ? "UnrecognizedClient" : "InvalidSignature", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_token_is_sent_and_signed()
    {
        await using var service = new FakeService(_ => FakeService.Answer(200, "{}"));
        await using ExternalDoor door = await StartAsync(service, o => o with { Credential = ServiceCredential.TryParse("id:secret:the-token")! });
        Assert.Equal(200, (await door.SendAsync("ListTables", "{}")).Status);
        string sent = Assert.Single(service.Requests);
        Assert.Contains("\r\nX-Amz-Security-Token: the-token\r\n", sent, StringComparison.Ordinal);
        Assert.Contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_secure_connection_nothing_is_sent()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using ExternalDoor door = await ExternalDoor.StartAsync(new ExternalOptions { Endpoint = new Uri($"https://{listener.LocalEndpoint}") });
        Task<DoorAnswer> answer = door.SendAsync("PutItem", Get);
        using (await listener.AcceptTcpClientAsync())
        {
            // Closed before the handshake.
        }

        AssertFailed(await answer, 503, "ServiceUnavailable", "not-done", "no secure connection");
    }

    [Fact]
    public async Task A_write_that_is_sent_again_through_two_doors_is_done_once()
    {
        await using DoorHost other = await DoorHost.StartAsync();
        await other.CreateTableAsync("table");
        await using ExternalDoor door = await ExternalDoor.StartAsync(new ExternalOptions { Endpoint = new Uri(other.Address) });
        const string Add =
            """{"TableName":"table","Key":{"id":{"S":"n"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValues":"ALL_NEW"}""";
        for (int i = 0; i < 2; i++)
        {
            Assert.Contains("""{"N":"1"}""", (await door.SendAsync("UpdateItem", Add, ("amz-sdk-invocation-id", "once"))).Body, StringComparison.Ordinal);
        }

        Assert.Contains("""{"N":"2"}""", (await door.SendAsync("UpdateItem", Add, ("amz-sdk-invocation-id", "twice"))).Body, StringComparison.Ordinal);
    }

    private static Task<ExternalDoor> StartAsync(FakeService service, Func<ExternalOptions, ExternalOptions>? change = null)
    {
        var options = new ExternalOptions { Endpoint = service.Endpoint };
        return ExternalDoor.StartAsync(change?.Invoke(options) ?? options);
    }

    private static void AssertFailed(DoorAnswer answer, int status, string type, string outcome, string says)
    {
        Assert.True((status, outcome) == (answer.Status, answer["x-nines-outcome"]), $"{answer.Status} {answer["x-nines-outcome"]} {answer.Body}");
        Assert.Contains(type, answer.Body, StringComparison.Ordinal);
        Assert.Contains(says, answer.Body, StringComparison.Ordinal);
    }

    private static string Crc(string body) => Crc32.Of(Encoding.UTF8.GetBytes(body)).ToString();
}

using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Nines.Kernel;
using Nines.Tables.Protocol;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>What the door adds to the operations: headers, outcomes, resends, sessions, limits.</summary>
public sealed class DoorTests : IAsyncLifetime
{
    private const string Put = """{"TableName":"table","Item":{"id":{"S":"a"},"v":{"N":"1"}},"ReturnValues":"ALL_OLD"}""";
    private const string Get = """{"TableName":"table","Key":{"id":{"S":"a"}}}""";
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("table");
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Fact]
    public async Task Every_answer_carries_checksum_length_request_id_and_outcome()
    {
        foreach ((string operation, string body, string outcome) in new[]
        {
            ("PutItem", Put, "done"), ("GetItem", Get, "done"), ("GetItem", "{}", "not-done"), ("Nothing", "{}", "not-done"), ("PutItem", "{", "not-done"),
        })
        {
            DoorAnswer answer = await _door.SendAsync(operation, body);
            Assert.Equal(Crc32.Of(Encoding.UTF8.GetBytes(answer.Body)).ToString(), answer["x-amz-crc32"]);
            Assert.Equal(Encoding.UTF8.GetByteCount(answer.Body).ToString(), answer["Content-Length"]);
            Assert.Matches("^[A-Z0-9]{52}$", answer["x-amzn-RequestId"]);
            Assert.Equal("application/x-amz-json-1.0", answer["Content-Type"]);
            Assert.Equal(outcome, answer["x-nines-outcome"]);
            Assert.Equal("n1", answer["x-nines-node"]);
        }
    }

    [Fact]
    public async Task An_answer_of_a_group_says_which_and_where()
    {
        DoorAnswer answer = await _door.SendAsync("PutItem", Put);
        Assert.InRange(int.Parse(answer["x-nines-group"]), 1, 4);
        Assert.True(long.Parse(answer["x-nines-position"]) > 0);
        Assert.Equal("3", answer["x-nines-term"]);
    }

    [Fact]
    public async Task A_resend_has_its_effect_once_and_gets_the_first_answer()
    {
        (string, string) id = ("amz-sdk-invocation-id", "6c7a1d5e-8f8e-4c5c-9d3b-1f0a5b1c2d3e");
        DoorAnswer first = await _door.SendAsync("PutItem", Put, id);
        DoorAnswer again = await _door.SendAsync("PutItem", Put, id);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(first["x-nines-position"], again["x-nines-position"]);
        DoorAnswer other = await _door.SendAsync("PutItem", Put, ("amz-sdk-invocation-id", "6c7a1d5e-8f8e-4c5c-9d3b-1f0a5b1c2d3f"));
        Assert.Contains("Attributes", other.Body, StringComparison.Ordinal);
        DoorAnswer otherKey = await _door.SendAsync("PutItem", Put.Replace("\"a\"", "\"b\"", StringComparison.Ordinal), id);
        Assert.NotEqual("", otherKey["x-nines-position"]);
        Assert.Contains("\"b\"", (await _door.SendAsync("GetItem", Get.Replace("\"a\"", "\"b\"", StringComparison.Ordinal))).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("6c7a1d5e8f8e4c5c9d3b1f0a5b1c2d3e")]
    public async Task Any_text_is_an_invocation_id_and_another_body_under_it_another_request(string text)
    {
        (string, string) id = ("amz-sdk-invocation-id", text);
        string add = """{"TableName":"table","Key":{"id":{"S":"n"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValues":"ALL_NEW"}""";
        DoorAnswer first = await _door.SendAsync("UpdateItem", add, id);
        Assert.Equal(first.Body, (await _door.SendAsync("UpdateItem", add, id)).Body);
        DoorAnswer other = await _door.SendAsync("UpdateItem", add.Replace("\"1\"", "\"100\"", StringComparison.Ordinal), id);
        Assert.Contains("\"101\"", other.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ids_have_no_part_in_common()
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < 50; i++)
        {
            string id = (await _door.SendAsync("GetItem", Get))["x-amzn-RequestId"];
            Assert.All(Enumerable.Range(0, 52 - 11), at => Assert.True(seen.Add(id.Substring(at, 12)), id));
        }
    }

    [Theory]
    [InlineData("""{"TableName":"table","Key":{"id":{"S":"a"}},"AttributeUpdates":{"v":{"Value":{"S":"X"}}}}""")]
    [InlineData("""{"TableName":"table","Key":{"id":{"S":"a"}},"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":{"S":"X"}}}""")]
    [InlineData("""{"TableName":"table","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD v :v","ExpressionAttributeValues":{":v":{"SS":["X"]}}}""")]
    [InlineData("""{"TableName":"table","Key":{"id":{"S":"a"}},"UpdateExpression":"SET v = list_append(v, :v)","ExpressionAttributeValues":{":v":{"L":[{"S":"X"}]}}}""")]
    public async Task An_update_that_cannot_fit_is_refused_before_it_is_replicated(string update)
    {
        int replicated = 0;
        CountData(() => replicated++);
        DoorAnswer answer = await _door.SendAsync("UpdateItem", update.Replace("X", new string('x', 400 * 1024), StringComparison.Ordinal));
        Assert.Equal(400, answer.Status);
        Assert.Contains("Item size to update has exceeded the maximum allowed size", answer.Body, StringComparison.Ordinal);
        Assert.Equal(0, replicated);
        await _door.SendAsync("PutItem", Put);
        Assert.Equal(1, replicated);
    }

    [Fact]
    public async Task Values_of_the_time_before_expressions_have_the_bound_of_those_of_expressions()
    {
        int replicated = 0;
        CountData(() => replicated++);
        DoorAnswer answer = await _door.SendAsync(
            "DeleteItem",
            """{"TableName":"table","Key":{"id":{"S":"a"}},"Expected":{"v":{"Value":{"S":"X"}}}}""".Replace(
                "X", new string('x', 3 << 20), StringComparison.Ordinal));
        Assert.Equal(400, answer.Status);
        Assert.Contains("Expected exceeds max size", answer.Body, StringComparison.Ordinal);
        Assert.Equal(0, replicated);
        await _door.SendAsync("PutItem", Put);
        Assert.Equal(1, replicated);
    }

    [Fact]
    public async Task A_large_request_is_not_read_on_the_loop_that_brought_it()
    {
        var threads = new List<int>();
        CountData(() => threads.Add(Environment.CurrentManagedThreadId));
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put)).Status);
        string large = Put.Replace("\"a\"", $"\"a\"}},\"w\":{{\"S\":\"{new string('x', 100_000)}\"", StringComparison.Ordinal);
        Assert.Equal(200, (await _door.SendAsync("PutItem", large)).Status);
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put)).Status);
        Assert.Equal(3, threads.Count);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "without epoll there is no loop");
        Assert.Equal(threads[0], threads[2]);
        Assert.NotEqual(threads[0], threads[1]);
    }

    [Fact]
    public async Task Without_an_invocation_id_every_request_is_a_new_one()
    {
        DoorAnswer first = await _door.SendAsync("PutItem", Put);
        DoorAnswer again = await _door.SendAsync("PutItem", Put);
        Assert.NotEqual(first["x-nines-position"], again["x-nines-position"]);
    }

    [Theory]
    [InlineData(Outcome.NotDone, Reason.Overloaded, 400, "ProvisionedThroughputExceededException", "not done")]
    [InlineData(Outcome.NotDone, Reason.NoLeader, 503, "ServiceUnavailable", "not done")]
    [InlineData(Outcome.NotDone, Reason.DeadlinePassed, 503, "ServiceUnavailable", "not done")]
    [InlineData(Outcome.NotDone, Reason.Behind, 503, "ServiceUnavailable", "not done")]
    [InlineData(Outcome.NotDone, Reason.DiskFull, 503, "ServiceUnavailable", "not done")]
    [InlineData(Outcome.NotDone, Reason.Unavailable, 503, "ServiceUnavailable", "not done")]
    [InlineData(Outcome.Unknown, Reason.DeadlinePassed, 500, "InternalServerError", "unknown")]
    public async Task Outcomes_are_told_apart(Outcome outcome, Reason reason, int status, string type, string words)
    {
        await _door.SendAsync("PutItem", Put);
        _door.Replicated.Interfere = (group, _) => group == GroupId.Control
            ? null
            : new Answer { Outcome = outcome, Reason = reason, Group = group, RetryAfterMs = 1200, StalenessMs = -1 };
        DoorAnswer answer = await _door.SendAsync("PutItem", Put);
        Assert.Equal(status, answer.Status);
        Assert.Contains(type, answer.Body, StringComparison.Ordinal);
        Assert.Contains(words, answer.Body, StringComparison.Ordinal);
        Assert.Equal(outcome == Outcome.NotDone ? "not-done" : "unknown", answer["x-nines-outcome"]);
        Assert.Equal("2", answer["Retry-After"]);
        Assert.Equal(status, (await _door.SendAsync("GetItem", Get)).Status);
    }

    [Fact]
    public async Task Items_are_served_while_the_control_group_is_away()
    {
        await _door.SendAsync("PutItem", Put);
        _door.Replicated.Interfere = (group, _) => group == GroupId.Control
            ? new Answer { Outcome = Outcome.NotDone, Reason = Reason.NoLeader, StalenessMs = -1 }
            : null;
        Assert.Equal(200, (await _door.SendAsync("GetItem", Get)).Status);
        Assert.Equal(503, (await _door.SendAsync("ListTables", "{}")).Status);
        Assert.Equal(503, (await _door.SendAsync("GetItem", Get.Replace("table", "other", StringComparison.Ordinal))).Status);
    }

    [Theory]
    [InlineData(null, "false", Consistency.Eventual)]
    [InlineData(null, "true", Consistency.Strong)]
    [InlineData("sequential", "true", Consistency.Strong)]
    [InlineData("eventual", "true", Consistency.Strong)]
    [InlineData("strong", "false", Consistency.Strong)]
    public async Task The_wanted_consistency_reaches_the_group(string? header, string consistentRead, Consistency wanted)
    {
        string body = Get[..^1] + $",\"ConsistentRead\":{consistentRead}}}";
        await _door.SendAsync("GetItem", Get);
        DoorAnswer answer = await _door.SendAsync("GetItem", body, header is null ? [] : [("x-nines-consistency", header)]);
        Assert.Equal(200, answer.Status);
        Assert.Equal(wanted, _door.Replicated.LastConsistency);
    }

    [Fact]
    public async Task A_session_reads_its_own_writes()
    {
        DoorAnswer write = await _door.SendAsync("PutItem", Put, ("x-nines-session", ""));
        string token = write["x-nines-session"];
        Assert.NotEqual("", token);
        DoorAnswer read = await _door.SendAsync("GetItem", Get, ("x-nines-session", token), ("x-nines-consistency", "sequential"));
        Assert.Equal(write["x-nines-position"], _door.Replicated.LastNotBefore.Value.ToString());
        Assert.NotEqual("", read["x-nines-session"]);
        Assert.Equal("", (await _door.SendAsync("GetItem", Get))["x-nines-session"]);
    }

    [Theory]
    [InlineData("x-nines-consistency", "perfect")]
    [InlineData("x-nines-session", "no token")]
    [InlineData("x-nines-timeout-ms", "0")]
    [InlineData("x-nines-timeout-ms", "60001")]
    [InlineData("x-nines-timeout-ms", "soon")]
    public async Task Wrong_headers_are_refused_by_name(string header, string value)
    {
        DoorAnswer answer = await _door.SendAsync("GetItem", Get, (header, value));
        Assert.Equal(400, answer.Status);
        Assert.Contains(header, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_get_is_a_health_check()
    {
        DoorAnswer answer = await DoorAnswer.OfAsync(await _door.Client.GetAsync(new Uri(_door.Address)));
        Assert.Equal("healthy: dynamodb.us-east-1.amazonaws.com ", answer.Body);
        Assert.Equal("3128867991", answer["x-amz-crc32"]);
    }

    [Fact]
    public async Task Gzip_is_read_and_other_encodings_are_not()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Put));
        }

        byte[] whole = packed.ToArray();
        Assert.Equal(200, (await PostAsync(whole, "gzip")).Status);
        Assert.Equal(400, (await PostAsync(Encoding.UTF8.GetBytes(Put), "gzip")).Status);
        Assert.Equal(400, (await PostAsync(Encoding.UTF8.GetBytes(Put), "br")).Status);

        // Without its trailer, or with a part of it, nothing says that the body is all that was sent.
        for (int missing = 1; missing < whole.Length; missing++)
        {
            DoorAnswer cut = await PostAsync(whole[..^missing], "gzip");
            Assert.True(cut.Status == 400 && cut.Body.Contains("SerializationException", StringComparison.Ordinal), $"{missing}: {cut}");
        }

        Assert.Equal(400, (await PostAsync([.. whole, 0], "gzip")).Status);
        Assert.Equal(400, (await PostAsync([.. whole, .. whole], "gzip")).Status);
    }

    [Fact]
    public async Task A_body_that_grows_beyond_the_limit_is_refused()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var block = new byte[1024 * 1024];
            for (int i = 0; i < 18; i++)
            {
                gzip.Write(block);
            }
        }

        Assert.Equal(413, (await PostAsync(packed.ToArray(), "gzip")).Status);
        Assert.Equal(413, (await PostAsync(new byte[TablesDoorOptions.MaxBodyBytes + 1], null)).Status);
    }

    [Fact]
    public async Task Other_methods_and_content_types_are_no_operations()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, _door.Address);
        Assert.Equal(404, (await DoorAnswer.OfAsync(await _door.Client.SendAsync(request))).Status);
        using var text = new StringContent("{}", Encoding.UTF8, "text/plain");
        Assert.Equal(404, (await DoorAnswer.OfAsync(await _door.Client.PostAsync(new Uri(_door.Address), text))).Status);
    }

    private async Task<DoorAnswer> PostAsync(byte[] body, string? encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _door.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "DynamoDB_20120810.PutItem");
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        return await DoorAnswer.OfAsync(await _door.Client.SendAsync(request));
    }

    /// <summary>Tells of what reaches a data group; the table may still be on its way through the control group.</summary>
    private void CountData(Action told) => _door.Replicated.Interfere = (group, _) =>
    {
        if (group != GroupId.Control)
        {
            told();
        }

        return null;
    };
}

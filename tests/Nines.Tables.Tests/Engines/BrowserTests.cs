using Nines.Tables.Protocol.Signatures;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>What a browser asks before it lets a page use the door, and what it must find in the answers.</summary>
public sealed class BrowserTests
{
    private const string Page = "https://app.example";
    private const string SamePage = "http://localhost:3000";

    [Theory]
    [InlineData(Page, true)]
    [InlineData(SamePage, true)]
    [InlineData(SamePage, false)]
    public async Task A_browser_that_asks_is_answered_as_by_dynamodb(string origin, bool withKeys)
    {
        await using DoorHost door = await StartAsync(withKeys);
        DoorAnswer answer = await AskAsync(door, origin);
        Assert.Equal((200, "", "0"), (answer.Status, answer.Body, answer["Content-Length"]));
        Assert.Equal("*", answer["Access-Control-Allow-Origin"]);
        Assert.Equal("POST", answer["Access-Control-Allow-Methods"]);
        Assert.Equal("content-type,x-amz-target,Authorization", answer["Access-Control-Allow-Headers"]);
        Assert.Equal("172800", answer["Access-Control-Max-Age"]);
        Assert.StartsWith("x-amzn-RequestId,", answer["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Matches("^[A-Z0-9]{52}$", answer["x-amzn-RequestId"]);
    }

    [Theory]
    [InlineData(Page, false)]
    [InlineData("", true)]
    [InlineData("", false)]
    public async Task Others_are_told_that_there_is_nothing(string origin, bool withKeys)
    {
        await using DoorHost door = await StartAsync(withKeys);
        DoorAnswer answer = await AskAsync(door, origin);
        Assert.Equal((404, ""), (answer.Status, answer["Access-Control-Allow-Origin"]));
    }

    [Fact]
    public async Task Every_answer_to_a_page_may_be_read_by_it()
    {
        await using DoorHost door = await StartAsync(withKeys: false);
        foreach ((string operation, string body, int status) in new[] { ("ListTables", "{}", 200), ("ListTables", "{", 400), ("Nothing", "{}", 400) })
        {
            DoorAnswer answer = await door.SendAsync(operation, body, ("Origin", SamePage));
            Assert.Equal((status, "*"), (answer.Status, answer["Access-Control-Allow-Origin"]));
            Assert.Contains("x-amzn-RequestId", answer["Access-Control-Expose-Headers"], StringComparison.Ordinal);
            Assert.Contains("x-amz-crc32", answer["Access-Control-Expose-Headers"], StringComparison.Ordinal);
            Assert.Contains("Origin", answer["Vary"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Answers_to_others_say_nothing_of_pages()
    {
        await using DoorHost door = await StartAsync(withKeys: false);
        Assert.Equal("", (await door.SendAsync("ListTables", "{}"))["Access-Control-Allow-Origin"]);
        Assert.Equal("", (await door.SendAsync("ListTables", "{}", ("Origin", Page)))["Access-Control-Allow-Origin"]);
    }

    [Fact]
    public async Task A_page_that_has_not_signed_may_read_why_it_is_refused()
    {
        await using DoorHost door = await StartAsync(withKeys: true);
        DoorAnswer answer = await door.SendAsync("ListTables", "{}", ("Origin", Page));
        Assert.Equal((400, "*"), (answer.Status, answer["Access-Control-Allow-Origin"]));
        Assert.Contains("MissingAuthenticationTokenException", answer.Body, StringComparison.Ordinal);
    }

    private static Task<DoorHost> StartAsync(bool withKeys) => DoorHost.StartAsync(options: new TablesDoorOptions
    {
        AccessKeys = withKeys ? [AccessKey.TryParse("key:0123456789abcdef")!] : [],
    });

    private static async Task<DoorAnswer> AskAsync(DoorHost door, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, door.Address);
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "content-type,x-amz-target,Authorization");
        if (origin.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return await DoorAnswer.OfAsync(await door.Client.SendAsync(request));
    }
}

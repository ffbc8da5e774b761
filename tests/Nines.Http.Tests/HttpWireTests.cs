using System.Globalization;

namespace Nines.Http.Tests;

/// <summary>What the server makes of bytes, and which bytes it says.</summary>
public sealed class HttpWireTests
{
    private static readonly HttpLimits Limits = new(MaxRequestBytes: 1 << 20, MaxConnections: 100);

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task An_answer_without_content_has_neither_length_nor_body(int status)
    {
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                exchange.AddHeader("etag"u8, "\"1\"");
                exchange.Answer(exchange.Body.IsEmpty ? status : 200, "not for 204"u8);
                return ValueTask.CompletedTask;
            },
            Limits);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post("") + Client.Post("a"));
        List<string> head = await client.HeadAsync();
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} "), head[0], StringComparison.Ordinal);
        Assert.Contains("etag: \"1\"", head);
        Assert.DoesNotContain(head, l => l.StartsWith("content-length", StringComparison.OrdinalIgnoreCase));
        Assert.Equal((200, "not for 204"), await client.ReadAsync());
    }

    [Fact]
    public async Task A_head_is_answered_with_the_length_alone()
    {
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                exchange.Answer(200, "four"u8);
                return ValueTask.CompletedTask;
            },
            Limits);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + Client.Post(""));
        Assert.Contains("content-length: 4", await client.HeadAsync());
        Assert.Equal((200, "four"), await client.ReadAsync());
    }

    [Theory]
    [InlineData("\r\n", 200)]
    [InlineData("\r\n\r\n", 200)]
    [InlineData("\r\n\r\n\r\n", 400)]
    [InlineData("\n", 400)]
    public async Task An_empty_line_behind_a_body_is_tolerated_and_many_are_not(string lines, int status)
    {
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, Limits);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post("a") + lines + Client.Post("b"));
        Assert.Equal((200, "a"), await client.ReadAsync());
        Assert.Equal((status, status == 200 ? "b" : ""), await client.ReadAsync());
    }

    [Fact]
    public async Task An_empty_line_behind_a_body_is_not_the_beginning_of_a_request_that_is_late()
    {
        await using HttpServer server = await Client.ServeAsync(
            Client.EchoAsync, Limits with { HeadersTimeout = TimeSpan.FromMilliseconds(100) });
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post("a"));
        Assert.Equal((200, "a"), await client.ReadAsync());
        await client.SendAsync("\r\n");

        // This one is late, and tells when the time is over for the other too.
        using var late = await Client.ConnectAsync(server);
        await late.SendAsync("P");
        Assert.Equal(408, (await late.ReadAsync()).Status);
        await client.SendAsync(Client.Post("b"));
        Assert.Equal((200, "b"), await client.ReadAsync());
    }

    [Theory]
    [InlineData("x\r\n", 400)]
    [InlineData("3\r\nabcd\r\n", 400)]
    [InlineData("3\r\nabc\r\n\n", 400)]
    [InlineData("3\r\nabc\r\nffffff\r\n", 413)]
    public async Task A_body_that_goes_wrong_in_the_middle_is_refused_and_what_follows_is_no_request(string rest, int status)
    {
        int handled = 0;
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                handled++;
                return Client.EchoAsync(exchange);
            },
            Limits);
        for (int behind = 0; behind <= 40_000; behind += 20_000)
        {
            using var client = await Client.ConnectAsync(server);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            foreach (char c in rest)
            {
                await client.SendAsync($"{c}");
            }

            Assert.Equal((status, ""), await client.ReadAsync());
            try
            {
                await client.SendAsync(string.Concat(Enumerable.Repeat(Client.Post(""), behind / 50)));
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The server may have closed by now.
            }

            Assert.Equal(0, await client.EndAsync());
        }

        Assert.Equal(0, handled);
    }
}

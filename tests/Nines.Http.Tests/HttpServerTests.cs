using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Nines.Http.Tests;

/// <summary>The server on a loopback socket, spoken to byte by byte.</summary>
public sealed class HttpServerTests
{
    private const int MaxBody = 6 << 20;

    [Fact]
    public async Task Requests_sent_ahead_are_answered_in_order_whatever_thread_the_handler_ends_on()
    {
        int calls = 0;
        await using HttpServer server = await StartAsync(async exchange =>
        {
            string body = Encoding.ASCII.GetString(exchange.Body.Span);
            if (Interlocked.Increment(ref calls) % 2 == 0)
            {
                await Task.Run(() => { });
            }

            exchange.Answer(200, Encoding.ASCII.GetBytes("<" + body + ">"));
        });
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(string.Concat(Enumerable.Range(0, 200).Select(i => Client.Post($"{i}"))));
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal((200, $"<{i}>"), await client.ReadAsync());
        }
    }

    [Fact]
    public async Task Many_clients_get_their_own_answers()
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync);
        using var http = new HttpClient();
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, cancel) =>
        {
            string body = new string((char)('a' + (i % 26)), i * 7);
            HttpResponseMessage answer = await http.PostAsync(new Uri($"http://{server.Address}/"), new StringContent(body), cancel);
            Assert.Equal(body, await answer.Content.ReadAsStringAsync(cancel));
        });
    }

    [Fact]
    public async Task A_body_may_come_slowly_in_chunks_or_large()
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync);
        using var client = await Client.ConnectAsync(server);
        foreach (char c in Client.Post("abc") + "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=f\r\nde\r\n0\r\n\r\n")
        {
            await client.SendAsync($"{c}");
        }

        Assert.Equal((200, "abc"), await client.ReadAsync());
        Assert.Equal((200, "abcde"), await client.ReadAsync());
        string large = new('x', 5 << 20);
        Task sending = client.SendAsync(Client.Post(large));
        Assert.Equal((200, large), await client.ReadAsync());
        await sending;
        string chunks = string.Concat(Enumerable.Range(0, 300).Select(i => $"{1000 + i:x}\r\n{new string('y', 1000 + i)}\r\n"));
        sending = client.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        Assert.Equal((200, new string('y', Enumerable.Range(1000, 300).Sum())), await client.ReadAsync());
        await sending;
    }

    [Fact]
    public async Task Continue_is_said_when_the_client_waits_for_it()
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue", await client.LineAsync());
        Assert.Equal("", await client.LineAsync());
        await client.SendAsync("ok");
        Assert.Equal((200, "ok"), await client.ReadAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", 200)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7000000\r\n\r\n", 413)]
    public async Task The_last_answer_is_read_whole_before_the_end(string request, int status)
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(request);
        Assert.Equal((status, ""), await client.ReadAsync());
        Assert.Equal("", await client.LineAsync());
    }

    [Fact]
    public async Task A_client_that_sends_too_much_can_still_read_why_it_was_refused()
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7000000\r\n\r\n" + new string('x', 100_000));
        Assert.Equal((413, ""), await client.ReadAsync());
    }

    [Fact]
    public async Task A_half_closed_client_gets_its_answer()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HttpServer server = await StartAsync(async exchange =>
        {
            await release.Task;
            exchange.Answer(200, "late"u8);
        });
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post(""));
        client.Socket.Shutdown(SocketShutdown.Send);
        release.SetResult();
        Assert.Equal((200, "late"), await client.ReadAsync());
        Assert.Equal("", await client.LineAsync());
    }

    [Fact]
    public async Task A_handler_that_fails_or_says_nothing_is_500_and_others_go_on()
    {
        await using HttpServer server = await StartAsync(exchange => exchange.Body.Length switch
        {
            0 => throw new InvalidOperationException("a bug at once"),
            1 => FailLaterAsync(),
            2 => ValueTask.CompletedTask,
            _ => Client.EchoAsync(exchange),
        });
        foreach (string body in (string[])["", "a", "ab"])
        {
            using var client = await Client.ConnectAsync(server);
            await client.SendAsync(Client.Post(body));
            Assert.Equal((500, ""), await client.ReadAsync());
        }

        using var other = await Client.ConnectAsync(server);
        await other.SendAsync(Client.Post("abc"));
        Assert.Equal((200, "abc"), await other.ReadAsync());

        static async ValueTask FailLaterAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("a bug later");
        }
    }

    [Fact]
    public async Task A_client_that_vanishes_or_does_not_read_stops_nobody()
    {
        byte[] large = new byte[MaxBody];
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HttpServer server = await StartAsync(async exchange =>
        {
            if (exchange.Body.Length == 1)
            {
                await release.Task;
            }

            exchange.Answer(200, exchange.Body.Length == 2 ? large : exchange.Body.Span);
        });
        using (var gone = await Client.ConnectAsync(server))
        {
            await gone.SendAsync(Client.Post("a"));
            gone.Socket.LingerState = new LingerOption(true, 0);
        }

        using var lazy = await Client.ConnectAsync(server);
        await lazy.SendAsync(Client.Post("ab"));
        using var other = await Client.ConnectAsync(server);
        await other.SendAsync(Client.Post("abc"));
        Assert.Equal((200, "abc"), await other.ReadAsync());
        release.SetResult();
        await other.SendAsync(Client.Post("abcd"));
        Assert.Equal((200, "abcd"), await other.ReadAsync());
        (int status, string body) = await lazy.ReadAsync();
        Assert.Equal((200, large.Length), (status, body.Length));
    }

    [Fact]
    public async Task Stopping_waits_for_the_answer_that_is_under_way()
    {
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HttpServer server = await StartAsync(async exchange =>
        {
            entered.SetResult();
            await release.Task;
            exchange.Answer(200, "done"u8);
        });
        using var idle = await Client.ConnectAsync(server);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post(""));
        await entered.Task;
        Task stopped = server.StopAsync(CancellationToken.None);
        Assert.Equal("", await idle.LineAsync());
        Assert.False(stopped.IsCompleted);
        release.SetResult();
        Assert.Equal((200, "done"), await client.ReadAsync());
        Assert.Equal("", await client.LineAsync());
        client.Dispose();
        await stopped;
    }

    [Fact]
    public async Task A_port_in_use_and_too_many_clients_are_refused()
    {
        await using HttpServer server = await StartAsync(Client.EchoAsync, maxConnections: 1);
        await Assert.ThrowsAsync<SocketException>(() => StartAsync(Client.EchoAsync, port: server.Address.Port));
        using var first = await Client.ConnectAsync(server);
        await first.SendAsync(Client.Post("a"));
        Assert.Equal((200, "a"), await first.ReadAsync());
        using var second = await Client.ConnectAsync(server);
        Assert.Equal("", await second.LineAsync());
    }

    private static Task<HttpServer> StartAsync(HttpHandler handler, int port = 0, int maxConnections = 4096) => HttpServer.StartAsync(
        new IPEndPoint(IPAddress.Loopback, port), new HttpLimits(MaxBody, maxConnections), handler, NullLoggerFactory.Instance, [], default);
}

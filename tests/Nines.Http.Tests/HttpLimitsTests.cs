using Nines.Loops;

namespace Nines.Http.Tests;

/// <summary>What clients may not do: dawdle, be too many, and announce more than they send.</summary>
public sealed class HttpLimitsTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    private static readonly HttpLimits Impatient = new(MaxRequestBytes: 8 << 20, MaxConnections: 100)
    {
        HeadersTimeout = Short, KeepAliveTimeout = Short, RateGrace = Short, MinBytesPerSecond = 1000,
    };

    private static readonly HttpLimits Patient = new(MaxRequestBytes: 8 << 20, MaxConnections: 100);

    [Fact]
    public async Task A_connection_without_a_request_ends_without_a_word()
    {
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, Impatient);
        using var never = await Client.ConnectAsync(server);
        using var once = await Client.ConnectAsync(server);
        await once.SendAsync(Client.Post("a"));
        Assert.Equal((200, "a"), await once.ReadAsync());
        Assert.Equal(0, await once.EndAsync());
        Assert.Equal(0, await never.EndAsync());
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\n", 0)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1", 0)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n1", 0)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7000000\r\n\r\n", 5_000_000)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n700000\r\n", 5_000_000)]
    public async Task A_request_whose_rest_does_not_come_is_answered_408_however_fast_its_beginning_came(string request, int more)
    {
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, Impatient);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(request + new string('x', more));
        Assert.Equal((408, ""), await client.ReadAsync());
        Assert.Equal(0, await client.EndAsync());
    }

    /// <summary>The server stops only when the connection is cut: nobody takes the answer.</summary>
    [Fact]
    public async Task A_client_that_takes_nothing_of_its_answer_is_cut_however_much_the_kernel_took_for_it()
    {
        var answering = new TaskCompletionSource();
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                exchange.Answer(200, new byte[30 << 20]);
                answering.SetResult();
                return ValueTask.CompletedTask;
            },
            Impatient);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post(""));
        await answering.Task;
        await server.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.InRange(await client.EndAsync(), 1, 29 << 20);
    }

    [Fact]
    public async Task What_connections_hold_together_has_a_bound_and_ended_ones_do_not_count()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Large = 4 << 20;
        using var loop = new EpollLoop("test");
        loop.Start();
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, Patient with { MaxHeldBytes = 3 * Large }, loop);
        string half = $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Large}\r\n\r\n{new string('x', Large * 3 / 4)}";
        string rest = new('x', Large / 4);
        List<Client> waiting = [];
        int refused = 0;
        for (int i = 0; i < 6; i++)
        {
            Client client = await Client.ConnectAsync(server);
            await client.SendAsync(half);
            waiting.Add(client);
        }

        foreach (Client client in waiting)
        {
            await client.SendAsync(rest);
            (int status, _) = await client.ReadAsync();
            refused += status == 503 ? 1 : 0;
            Assert.True(status is 200 or 503);
        }

        Assert.InRange(refused, 1, 5);
        waiting.ForEach(c => c.Dispose());

        // What they held is free again.
        using var last = await Client.ConnectAsync(server);
        await last.SendAsync(half + rest);
        Assert.Equal(200, (await last.ReadAsync()).Item1);
    }

    [Fact]
    public async Task The_limit_of_connections_is_that_of_all_loops_together_and_ended_ones_do_not_count()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var first = new EpollLoop("test");
        using var second = new EpollLoop("test");
        first.Start();
        second.Start();
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, Patient with { MaxConnections = 3 }, first, second);
        List<Client> clients = [];
        for (int i = 0; i < 3; i++)
        {
            clients.Add(await Client.ConnectAsync(server));
            await clients[i].SendAsync(Client.Post("a"));
            Assert.Equal((200, "a"), await clients[i].ReadAsync());
        }

        using (var fourth = await Client.ConnectAsync(server))
        {
            Assert.Equal(0, await fourth.EndAsync());
        }

        clients[1].Dispose();
        clients[1] = await Client.ConnectUntilServedAsync(server);
        clients[2].Vanish();
        clients[2] = await Client.ConnectUntilServedAsync(server);
        clients.ForEach(c => c.Dispose());
    }
}

/// <summary>Bytes are counted for the whole process, so nothing runs beside these.</summary>
[Collection(nameof(Alone))]
public sealed class HttpMemoryTests
{
    [Fact]
    public async Task Announced_bytes_cost_no_memory_before_they_come()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Clients = 20;
        const int Announced = 16 << 20;
        using var loop = new EpollLoop("test");
        loop.Start();
        await using HttpServer server = await Client.ServeAsync(Client.EchoAsync, new HttpLimits(Announced, 100), loop);
        List<Client> clients = [];
        string text = $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {Announced}\r\n\r\n{new string('x', 9000)}";
        for (int i = 0; i < Clients; i++)
        {
            clients.Add(await Client.ConnectAsync(server));
        }

        long before = GC.GetTotalAllocatedBytes(precise: true);
        foreach (Client client in clients)
        {
            await client.SendAsync(text);
        }

        // Events come in the order they happened: with this answer the loop has seen all that was sent before.
        using var last = await Client.ConnectAsync(server);
        await last.SendAsync(Client.Post("a"));
        Assert.Equal((200, "a"), await last.ReadAsync());
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Announced / 4);
        clients.ForEach(c => c.Dispose());
    }

    /// <summary>Counted by the loop's own thread, between two requests of one connection.</summary>
    [Fact]
    public async Task A_request_that_fits_one_buffer_allocates_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Warm = 100;
        const int Requests = 1000;
        using var loop = new EpollLoop("test");
        loop.Start();
        int calls = 0;
        long before = 0;
        long after = 0;
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                calls++;
                before = calls == Warm ? GC.GetAllocatedBytesForCurrentThread() : before;
                after = calls == Warm + Requests ? GC.GetAllocatedBytesForCurrentThread() : after;
                exchange.AddHeader("x-n"u8, calls);
                exchange.Answer(exchange.TryGetHeader("host"u8, out _) ? 200 : 500, exchange.Body.Span);
                return ValueTask.CompletedTask;
            },
            new HttpLimits(1 << 20, 100),
            loop);
        using var client = await Client.ConnectAsync(server);
        for (int i = 0; i < Warm + Requests; i++)
        {
            await client.SendAsync(Client.Post("some body"));
            Assert.Equal((200, "some body"), await client.ReadAsync());
        }

        // The date of each second and the round over the connections cost some, requests nothing: an object of 24 bytes each would show.
        Assert.InRange(after - before, 0, Requests * 20);
    }
}

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

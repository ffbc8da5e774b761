using System.Diagnostics;
using System.Net.Sockets;
using Nines.Kernel;
using Nines.Loops;

namespace Nines.Http.Tests;

/// <summary>Servers on a loop that others use too, and how they end. One of them counts on the numbers of descriptors: nothing runs beside these.</summary>
[Collection(nameof(Alone))]
public sealed class HttpLoopTests
{
    private const int Large = 30 << 20;

    private static readonly HttpLimits Limits = new(MaxRequestBytes: 1 << 20, MaxConnections: 100);

    /// <summary>
    /// In one wait the loop hears of a request and of a client that vanished. The request's handler ends the vanished one's server, and
    /// takes so long that a third client is accepted, with the number of the closed descriptor, before the vanished one's turn.
    /// </summary>
    [Fact]
    public async Task What_the_kernel_told_of_a_closed_connection_does_not_hit_the_next_one_with_its_number()
    {
        using EpollLoop loop = Started();
        await using HttpServer ending = await Client.ServeAsync(Client.EchoAsync, Limits, loop);
        Task ended = Task.CompletedTask;
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                if (exchange.Body.Span.SequenceEqual("end"u8))
                {
                    ended = ending.StopAsync(new CancellationToken(canceled: true));
                    Spin();
                }

                return Client.EchoAsync(exchange);
            },
            Limits,
            loop);
        using var asking = await ConnectedAsync(server);
        using var vanishing = await ConnectedAsync(ending);
        Client next;
        using (var held = new Held(loop))
        {
            next = await Client.ConnectAsync(server);
            await asking.SendAsync(Client.Post("end"));
            vanishing.Vanish();
        }

        Assert.Equal((200, "end"), await asking.ReadAsync());
        await ended;
        await next.SendAsync(Client.Post("well?"));
        Assert.Equal((200, "well?"), await next.ReadAsync());
        next.Dispose();
    }

    [Fact]
    public async Task A_part_on_the_servers_loop_has_its_turn_between_requests_that_take_long_also_those_of_one_client()
    {
        using EpollLoop loop = Started();
        var part = new Part();
        loop.Add(part);
        List<int> seen = [];
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                seen.Add(part.Rounds);
                Spin();
                return Client.EchoAsync(exchange);
            },
            Limits,
            loop);
        using var client = await Client.ConnectAsync(server);
        await client.SendAsync(string.Concat(Enumerable.Repeat(Client.Post("a"), 6)));
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal((200, "a"), await client.ReadAsync());
        }

        Assert.Equal(seen.Order().Distinct(), seen);
    }

    [Fact]
    public async Task A_part_on_the_servers_loop_has_its_turns_under_a_flood()
    {
        using EpollLoop loop = Started();
        var part = new Part();
        loop.Add(part);
        long worst = 0;
        long last = Stopwatch.GetTimestamp();
        part.Turned = () =>
        {
            long now = Stopwatch.GetTimestamp();
            worst = Math.Max(worst, now - last);
            last = now;
        };
        int requests = 0;
        await using HttpServer server = await Client.ServeAsync(
            exchange =>
            {
                requests++;
                return Client.EchoAsync(exchange);
            },
            Limits,
            loop);
        string many = string.Concat(Enumerable.Repeat(Client.Post(new string('x', 500)), 500));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = await Client.ConnectAsync(server);
            Task sending = client.SendAsync(many);
            for (int i = 0; i < 500; i++)
            {
                Assert.Equal(200, (await client.ReadAsync()).Status);
            }

            await sending;
        }));
        Assert.True(loop.Do(static () => { }));
        Assert.Equal(20 * 500, requests);
        Assert.True(part.Rounds > 10);

        // Far above the bound, for machines that give the loop no time; far below what all of it takes.
        Assert.InRange(TimeSpan.FromSeconds((double)worst / Stopwatch.Frequency), TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task A_handler_that_answers_elsewhere_after_its_client_has_gone_leaves_nothing_behind()
    {
        using EpollLoop loop = Started();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HttpServer server = await Client.ServeAsync(
            async exchange =>
            {
                if (exchange.Body.Span.SequenceEqual("late"u8))
                {
                    entered.SetResult();
                    await release.Task;
                    Assert.Equal("late"u8, exchange.Body.Span);
                    answered.SetResult();
                }

                exchange.Answer(200, exchange.Body.Span);
            },
            Limits with { MaxConnections = 2 },
            loop);
        var gone = await Client.ConnectAsync(server);
        await gone.SendAsync(Client.Post("late"));
        await entered.Task;
        gone.Vanish();

        // The loop knows of it by the time it answers this.
        using var other = await ConnectedAsync(server);
        release.SetResult();
        await answered.Task;
        using var next = await Client.ConnectUntilServedAsync(server);
        await other.SendAsync(Client.Post("b"));
        Assert.Equal((200, "b"), await other.ReadAsync());
    }

    [Fact]
    public async Task Stopping_ends_each_client_when_it_has_what_it_asked_for()
    {
        using EpollLoop loop = Started();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HttpServer server = await Client.ServeAsync(exchange => AnswerAsync(exchange, release.Task), Limits, loop);
        (Client idle, Client head, Client body, Client handling, Client writing) = await InEachPhaseAsync(server);
        Task stopped = server.StopAsync(CancellationToken.None);
        Assert.Equal(0, await idle.EndAsync());
        await head.SendAsync(" HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Contains("connection: close", await head.HeadAsync());
        Assert.Equal(0, await head.EndAsync());
        await body.SendAsync("c");
        Assert.Equal((200, "abc"), await body.ReadAsync());
        Assert.Equal(0, await body.EndAsync());
        Assert.False(stopped.IsCompleted);
        release.SetResult();
        Assert.Equal((200, "wait"), await handling.ReadAsync());
        Assert.Equal(0, await handling.EndAsync());
        (int status, string text) = await writing.ReadAsync();
        Assert.Equal((200, Large), (status, text.Length));
        Assert.Equal(0, await writing.EndAsync());
        Array.ForEach([idle, head, body, handling, writing], c => c.Dispose());
        await stopped.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_stop_without_patience_cuts_all_and_a_handler_that_runs_ends_its_client_when_it_is_done()
    {
        using EpollLoop loop = Started();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        HttpServer server = await Client.ServeAsync(exchange => AnswerAsync(exchange, release.Task), Limits, loop);
        (Client idle, Client head, Client body, Client handling, Client writing) = await InEachPhaseAsync(server);
        await server.DisposeAsync();
        foreach (Client cut in (Client[])[idle, head, body])
        {
            Assert.Equal(0, await cut.EndAsync());
        }

        Assert.InRange(await writing.EndAsync(), 1, Large - 1);

        // The address is free at once, whatever still runs.
        using (var again = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await Assert.ThrowsAsync<SocketException>(() => again.ConnectAsync(server.Address, TestContext.Current.CancellationToken).AsTask());
        }

        Task<long> end = handling.EndAsync();
        Assert.True(loop.Do(static () => { }));
        Assert.False(end.IsCompleted);
        release.SetResult();
        Assert.Equal(0, await end);
        Array.ForEach([idle, head, body, handling, writing], c => c.Dispose());
    }

    [Fact]
    public async Task A_server_whose_loop_has_ended_can_be_disposed_of_and_lets_its_clients_go()
    {
        EpollLoop loop = Started();
        HttpServer server = await Client.ServeAsync(Client.EchoAsync, Limits, loop);
        using var client = await ConnectedAsync(server);
        loop.Dispose();
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(0, await client.EndAsync());
    }

    /// <summary>On one loop, which has handled all that was sent before when it answers the last one.</summary>
    private static async Task<(Client Idle, Client Head, Client Body, Client Handling, Client Writing)> InEachPhaseAsync(HttpServer server)
    {
        Client head = await Client.ConnectAsync(server);
        await head.SendAsync("GET /");
        Client body = await Client.ConnectAsync(server);
        await body.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab");
        Client handling = await Client.ConnectAsync(server);
        await handling.SendAsync(Client.Post("wait"));
        Client writing = await Client.ConnectAsync(server);
        await writing.SendAsync(Client.Post("large"));
        return (await ConnectedAsync(server), head, body, handling, writing);
    }

    private static async ValueTask AnswerAsync(HttpExchange exchange, Task released)
    {
        if (exchange.Body.Span.SequenceEqual("wait"u8))
        {
            await released;
        }

        exchange.Answer(200, exchange.Body.Span.SequenceEqual("large"u8) ? new byte[Large] : exchange.Body.Span);
    }

    private static async Task<Client> ConnectedAsync(HttpServer server)
    {
        Client client = await Client.ConnectAsync(server);
        await client.SendAsync(Client.Post("hello"));
        Assert.Equal((200, "hello"), await client.ReadAsync());
        return client;
    }

    private static EpollLoop Started()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        var loop = new EpollLoop("test");
        loop.Start();
        return loop;
    }

    private static void Spin()
    {
        long began = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(30));
    }

    /// <summary>Keeps the loop from its next wait, so that several things happen before it.</summary>
    private sealed class Held : IThreadPoolWorkItem, IDisposable
    {
        private readonly ManualResetEventSlim _here = new();
        private readonly ManualResetEventSlim _go = new();

        public Held(EpollLoop loop)
        {
            loop.Post(this);
            _here.Wait();
        }

        public void Execute()
        {
            _here.Set();
            _go.Wait();
        }

        public void Dispose() => _go.Set();
    }

    private sealed class Part : ILoopPart
    {
        private int _rounds;

        public int Rounds => Volatile.Read(ref _rounds);

        public Action Turned { get; set; } = static () => { };

        public int Round()
        {
            _rounds++;
            Turned();
            return 1;
        }
    }
}

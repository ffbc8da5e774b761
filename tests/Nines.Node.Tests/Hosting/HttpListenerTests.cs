using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Http;
using HttpListener = Nines.Http.Kestrel.HttpListener;

namespace Nines.Node.Tests.Hosting;

public sealed class HttpListenerTests
{
    private static readonly HttpLimits Limits = new(1000, 100);

    [Fact]
    public async Task Requests_reach_the_function_and_keep_their_connection()
    {
        int calls = 0;
        await using HttpListener listener = await Start(async context =>
        {
            calls++;
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path} {await reader.ReadToEndAsync()}");
        });
        using var http = new HttpClient();
        for (int i = 0; i < 3; i++)
        {
            HttpResponseMessage answer = await http.PostAsync(new Uri($"http://{listener.Address}/a"), new StringContent("body"));
            Assert.Equal("POST /a body", await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal(3, calls);
        await listener.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413_and_a_failing_function_500()
    {
        await using HttpListener listener = await Start(async context =>
        {
            if (context.Request.Path == "/fail")
            {
                throw new InvalidOperationException("a bug");
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
        });
        using var http = new HttpClient();
        HttpResponseMessage large = await http.PostAsync(new Uri($"http://{listener.Address}/"), new ByteArrayContent(new byte[1001]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        HttpResponseMessage failed = await http.GetAsync(new Uri($"http://{listener.Address}/fail"));
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_says_so()
    {
        await using HttpListener first = await Start(_ => Task.CompletedTask);
        await Assert.ThrowsAsync<IOException>(() => HttpListener.StartAsync(
            first.Address, Limits, _ => Task.CompletedTask, NullLoggerFactory.Instance, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_no_http_is_answered_400_and_closed()
    {
        await using HttpListener listener = await Start(_ => Task.CompletedTask);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.Address);
        await socket.SendAsync("\u0001\u0002 nonsense\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[1000];
        int count = await socket.ReceiveAsync(answer);
        Assert.StartsWith("HTTP/1.1 400", Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
    }

    private static Task<HttpListener> Start(RequestDelegate handle) => HttpListener.StartAsync(
        new IPEndPoint(IPAddress.Loopback, 0), Limits, handle, NullLoggerFactory.Instance, CancellationToken.None);
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Kernel;

namespace Nines.Http.Tests;

/// <summary>A client that says what it is told byte by byte, and reads answers of known length. It does not wait for ever.</summary>
internal sealed class Client : IDisposable
{
    private readonly BufferedStream _stream;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

    private Client(Socket socket)
    {
        Socket = socket;
        _stream = new BufferedStream(new NetworkStream(socket));
    }

    public Socket Socket { get; }

    public static string Post(string body) => $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    public static ValueTask EchoAsync(HttpExchange exchange)
    {
        exchange.Answer(200, exchange.Body.Span);
        return ValueTask.CompletedTask;
    }

    public static Task<HttpServer> ServeAsync(HttpHandler handler, HttpLimits limits, params IReadOnlyList<EventLoop> loops) =>
        HttpServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), limits, handler, NullLoggerFactory.Instance, loops, default);

    public static async Task<Client> ConnectAsync(HttpServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Address);
        return new Client(socket);
    }

    /// <summary>Connects and asks until the server takes the connection and answers.</summary>
    public static async Task<Client> ConnectUntilServedAsync(HttpServer server)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            Client client = await ConnectAsync(server);
            try
            {
                await client.SendAsync(Post("served?"));
                if (await client.LineAsync() == "HTTP/1.1 200 OK")
                {
                    while ((await client.LineAsync()).Length > 0)
                    {
                    }

                    await client._stream.ReadExactlyAsync(new byte[7], client._patience.Token);
                    return client;
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // Closed with the request unread: a reset.
            }

            client.Dispose();
        }
    }

    public async Task SendAsync(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await Socket.SendAsync(bytes.AsMemory(sent), _patience.Token);
        }
    }

    /// <summary>Empty at the end of the stream as well.</summary>
    public async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await _stream.ReadAsync(one, _patience.Token) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }

    /// <summary>The status line and the fields.</summary>
    public async Task<List<string>> HeadAsync()
    {
        var lines = new List<string>();
        for (string line = await LineAsync(); line.Length > 0; line = await LineAsync())
        {
            lines.Add(line);
        }

        return lines;
    }

    public async Task<(int Status, string Body)> ReadAsync()
    {
        List<string> head = await HeadAsync();
        const string Length = "content-length: ";
        string length = head.Find(l => l.StartsWith(Length, StringComparison.Ordinal))?[Length.Length..] ?? "0";
        byte[] body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
        await _stream.ReadExactlyAsync(body, _patience.Token);
        return (int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture), Encoding.ASCII.GetString(body));
    }

    /// <summary>Waits for the end of the connection; what came before it, in bytes. A reset is an end too.</summary>
    public async Task<long> EndAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        long total = 0;
        try
        {
            while (await _stream.ReadAsync(buffer, _patience.Token) is var count and > 0)
            {
                total += count;
            }
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
        }

        return total;
    }

    /// <summary>Ends the connection with a reset.</summary>
    public void Vanish()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Dispose();
    }

    public void Dispose()
    {
        _stream.Dispose();
        Socket.Dispose();
        _patience.Dispose();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nines.Tables.Tests.Support;

/// <summary>
/// A service that does with each request what the test says: answers with some bytes, closes the connection, or is silent. It knows nothing of HTTP but where a
/// request ends.
/// </summary>
public sealed class FakeService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _requests = [];
    private readonly List<Task> _connections = [];
    private readonly Func<string, Task<string>> _answer;
    private readonly Task _accepting;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="answer">The request in, the answer out; an empty one closes the connection.</param>
    public FakeService(Func<string, Task<string>> answer)
    {
        _answer = answer;
        _listener.Start();
        Endpoint = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    public FakeService(Func<string, string> answer)
        : this(request => Task.FromResult(answer(request)))
    {
    }

    public Uri Endpoint { get; }

    /// <summary>Head and body, as they came.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>An HTTP answer.</summary>
    public static string Answer(int status, string body, params string[] fields) =>
        $"HTTP/1.1 {status} x\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{string.Concat(fields.Select(f => f + "\r\n"))}\r\n{body}";

    /// <summary>Waits until so many requests have come, whole.</summary>
    public async Task ArrivedAsync(int count)
    {
        while (true)
        {
            Task next;
            lock (_requests)
            {
                if (_requests.Count >= count)
                {
                    return;
                }

                next = _arrived.Task;
            }

            await next.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                NetworkStream stream = connection.GetStream();
                while (await ReadAsync(stream) is { } request)
                {
                    string answer = await _answer(request).WaitAsync(_stop.Token);
                    if (answer.Length == 0)
                    {
                        return;
                    }

                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _stop.Token);
                    if (answer.Contains("Connection: close", StringComparison.Ordinal))
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The door has closed the connection, or the test is over.
            }
        }
    }

    private async Task<string?> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        byte[] bytes = new byte[64 * 1024];
        while (!IsWhole(text.ToString()))
        {
            int read = await stream.ReadAsync(bytes, _stop.Token);
            if (read == 0)
            {
                return null;
            }

            text.Append(Encoding.Latin1.GetString(bytes, 0, read));
        }

        lock (_requests)
        {
            _requests.Add(text.ToString());
            _arrived.SetResult();
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return text.ToString();
    }

    private static bool IsWhole(string text)
    {
        const string Length = "Content-Length: ";
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        int length = text.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        return end >= 0 && length >= 0 && length < end
            && text.Length - end - 4 >= int.Parse(text[(length + Length.Length)..text.IndexOf('\r', length)]);
    }
}

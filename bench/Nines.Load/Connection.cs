using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nines.Load;

/// <summary>One client's connection: DynamoDB's JSON over HTTP/1.1, one request at a time.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly string _host;
    private byte[] _buffer = new byte[16 * 1024];
    private int _filled;

    private Connection(string host) => _host = host;

    /// <summary>The body of the last answer.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    public static async Task<Connection> OpenAsync(string endpoint)
    {
        var connection = new Connection(endpoint);
        await connection._socket.ConnectAsync(IPEndPoint.Parse(endpoint));
        return connection;
    }

    /// <summary>Sends a request and reads its answer whole. The result is the HTTP status.</summary>
    public async Task<int> SendAsync(string operation, string body)
    {
        int length = Encoding.UTF8.GetByteCount(body);
        byte[] request = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST / HTTP/1.1\r\nHost: {_host}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\n"
            + $"Authorization: AWS4-HMAC-SHA256 Credential=load/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00\r\n"
            + $"X-Amz-Date: 20260101T000000Z\r\nContent-Length: {length}\r\n\r\n{body}"));
        await _socket.SendAsync(request);
        _filled = 0;
        int head;
        while ((head = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await ReceiveAsync();
        }

        int bodyAt = head + 4;
        int bodyLength = int.Parse(Header(head, "content-length"), CultureInfo.InvariantCulture);
        while (_filled < bodyAt + bodyLength)
        {
            await ReceiveAsync();
        }

        Head = head;
        Body = _buffer.AsMemory(bodyAt, bodyLength);
        return int.Parse(_buffer.AsSpan(9, 3), CultureInfo.InvariantCulture);
    }

    private int Head { get; set; }

    /// <summary>A field of the last answer; empty when it has none.</summary>
    public string Header(string name) => Header(Head, name);

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync()
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int received = await _socket.ReceiveAsync(_buffer.AsMemory(_filled));
        if (received == 0)
        {
            throw new IOException($"{_host} closed the connection");
        }

        _filled += received;
    }

    private string Header(int head, string name)
    {
        string fields = Encoding.Latin1.GetString(_buffer.AsSpan(0, head));
        int at = fields.IndexOf($"\r\n{name}:", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return "";
        }

        int from = at + name.Length + 3;
        int to = fields.IndexOf("\r\n", from, StringComparison.Ordinal);
        return fields[from..(to < 0 ? fields.Length : to)].Trim();
    }
}

using Nines.Http.Protocol;
using Nines.Kernel;

namespace Nines.Fuzz.Targets;

/// <summary>What clients send before any door sees it. What is understood whole must be understood alike when it arrives in pieces.</summary>
internal static class HttpTargets
{
    private const long MaxBody = 1 << 16;

    private static readonly string[] Words =
    [
        "\r\n", "\n", "\r", " ", "\t", ":", ",", "\0", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "GET", "POST", "Host: x\r\n", "Content-Length: 5\r\n",
        "Content-Length: 18446744073709551616\r\n", "Content-Length: +5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "0\r\n", "5;a=b\r\n", "FFFFFFFFFFFFFFFF\r\n", "\r\n\r\n", "T: x\r\n",
    ];

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("http.head", static () => new Decoder("http.head", Heads(), TryHead) { Words = Bytes.OfAll(Words) }),
        new("http.chunked", static () => new Decoder("http.chunked", Bodies(), TryChunked) { Words = Bytes.OfAll(Words) }),
    ];

    private static IReadOnlyList<byte[]> Heads() => Bytes.OfAll(
        "POST / HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 300\r\n\r\n",
        "GET /a%20b?c=d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "PUT http://h/p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close, x\r\n\r\n");

    private static IReadOnlyList<byte[]> Bodies() => Bytes.OfAll(
        "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\n\r\n", "1\r\n!\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "00a\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n");

    private static bool TryHead(byte[] input)
    {
        var head = new RequestHead();
        int length = head.Parse(input);
        if (length <= 0)
        {
            return false;
        }

        Invariant.Assert(length <= input.Length && head.ContentLength >= 0 && !(head.IsChunked && head.HasContentLength));
        _ = head.Method(input);
        _ = head.Target(input);
        _ = head.TryGet(input, "host"u8, out _);
        int cut = input[0] * length / 256;
        var early = new RequestHead();
        Invariant.Assert(early.Parse(input.AsSpan(0, cut)) == 0 && early.Parse(input.AsSpan(0, length)) == length);
        return true;
    }

    private static bool TryChunked(byte[] input)
    {
        (int result, int body, int end) = Decode(input, input.Length);
        int cut = input.Length == 0 ? 0 : input[0] * input.Length / 256;
        (int again, int bodyAgain, int endAgain) = Decode(input, cut);
        Invariant.Assert(result == again && (result != 1 || (body == bodyAgain && end == endAgain)));
        return result == 1;
    }

    /// <summary>Decodes what came up to the cut, then all of it.</summary>
    private static (int Result, int Body, int End) Decode(byte[] input, int cut)
    {
        byte[] buffer = [.. input];
        var chunks = default(ChunkedBody);
        int written = 0;
        int read = 0;
        int result = chunks.Decode(buffer.AsSpan(0, cut), ref written, ref read, MaxBody);
        if (result == 0)
        {
            result = chunks.Decode(buffer, ref written, ref read, MaxBody);
        }

        Invariant.Assert(written <= read && read <= input.Length);
        return (result, written, read);
    }
}

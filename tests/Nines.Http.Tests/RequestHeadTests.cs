using System.Text;
using Nines.Http.Protocol;
using Nines.Kernel;

namespace Nines.Http.Tests;

public sealed class RequestHeadTests
{
    private const string Good = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Amz-Target:  DynamoDB.PutItem \r\n\r\n";

    [Fact]
    public void A_head_is_understood_once_it_is_whole()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Good + "hello");
        var head = new RequestHead();
        for (int length = 0; length < Good.Length; length++)
        {
            Assert.Equal(0, head.Parse(bytes.AsSpan(0, length)));
        }

        Assert.Equal(Good.Length, head.Parse(bytes));
        Assert.Equal("POST", Encoding.ASCII.GetString(head.Method(bytes)));
        Assert.Equal("/a?b=c", Encoding.ASCII.GetString(head.Target(bytes)));
        Assert.Equal(5, head.ContentLength);
        Assert.True(head.KeepsAlive);
        Assert.True(head.TryGet(bytes, "x-amz-TARGET"u8, out ReadOnlySpan<byte> value));
        Assert.Equal("DynamoDB.PutItem", Encoding.ASCII.GetString(value));
        Assert.False(head.TryGet(bytes, "x-amz"u8, out _));
    }

    /// <summary>RFC 9112: what two programs could read differently is refused.</summary>
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\0\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400)]
    [InlineData("GET / a HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505)]
    [InlineData("GET / HTTX/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nExpect: money\r\n\r\n", 417)]
    public void What_is_ambiguous_is_refused(string text, int status) =>
        Assert.Equal(-status, new RequestHead().Parse(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Heads_are_bounded()
    {
        string many = string.Concat(Enumerable.Range(0, HttpLimits.MaxHeaders).Select(i => $"A{i}: b\r\n"));
        Assert.Equal(-431, new RequestHead().Parse(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n")));
        Assert.Equal(-431, new RequestHead().Parse(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nA: " + new string('a', HttpLimits.MaxHeaderBytes))));
    }

    [Theory]
    [InlineData("HTTP/1.1\r\nHost: x\r\n", true)]
    [InlineData("HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n", false)]
    [InlineData("HTTP/1.1\r\nHost: x\r\nConnection: a, close\r\n", false)]
    [InlineData("HTTP/1.0\r\n", false)]
    [InlineData("HTTP/1.0\r\nConnection: keep-alive\r\n", true)]
    public void Connections_stay_as_the_version_and_the_client_say(string rest, bool stays)
    {
        var head = new RequestHead();
        Assert.True(head.Parse(Encoding.ASCII.GetBytes($"GET / {rest}\r\n")) > 0);
        Assert.Equal(stays, head.KeepsAlive);
    }

    [Fact]
    public void Arbitrary_bytes_are_refused_or_understood_and_nothing_else()
    {
        var random = new Prng(7);
        var head = new RequestHead();
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(Good);
            for (int change = random.Below(6); change >= 0; change--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            int length = head.Parse(bytes);
            Assert.InRange(length, -599, bytes.Length);
        }
    }
}

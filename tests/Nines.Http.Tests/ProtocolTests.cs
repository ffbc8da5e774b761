using System.Text;
using Nines.Http.Protocol;
using Nines.Kernel;

namespace Nines.Http.Tests;

public sealed class ProtocolTests
{
    private const string Good = "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Y: \t v w \t\r\n\r\n";

    [Fact]
    public void A_head_is_whole_only_with_its_last_byte_and_what_follows_is_not_its()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Good + "hello" + Good);
        var head = new RequestHead();
        for (int length = 0; length < Good.Length; length++)
        {
            Assert.Equal(0, head.Parse(bytes.AsSpan(0, length)));
        }

        Assert.Equal(Good.Length, head.Parse(bytes));
        Assert.Equal(5, head.ContentLength);
        Assert.True(head.KeepsAlive);
        Assert.True(head.TryGet(bytes, "x-y"u8, out ReadOnlySpan<byte> value));
        Assert.Equal("v w", Encoding.Latin1.GetString(value));
        Assert.Equal("/a?b", Encoding.Latin1.GetString(head.Target(bytes)));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505)]
    [InlineData("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    public void What_two_programs_could_read_differently_is_refused(string text, int status) =>
        Assert.Equal(-status, new RequestHead().Parse(Encoding.Latin1.GetBytes(text)));

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\r\nGET / HTTP/1.0\r\n\r\n")]
    public void Other_forms_of_targets_are_heads(string text) =>
        Assert.Equal(text.Length, new RequestHead().Parse(Encoding.Latin1.GetBytes(text)));

    [Theory]
    [InlineData(63, 1)]
    [InlineData(64, 1)]
    [InlineData(1, 17_000)]
    public void Too_many_fields_and_too_many_bytes(int fields, int bytes)
    {
        var text = new StringBuilder("GET / HTTP/1.1\r\nHost: x\r\n");
        for (int i = 0; i < fields; i++)
        {
            text.Append("A: ").Append('b', bytes).Append("\r\n");
        }

        int result = new RequestHead().Parse(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()));
        Assert.Equal(fields == 63 ? text.Length : -431, result);
    }

    [Theory]
    [InlineData("5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\nT: x\r\n\r\nNEXT", 1, "hello!")]
    [InlineData("5 5\r\nhello\r\n0\r\n\r\n", -400, "")]
    [InlineData("5\nhello\r\n0\r\n\r\n", -400, "")]
    [InlineData("5\r\nhelloX\r\n0\r\n\r\n", -400, "hello")]
    [InlineData("FFFFFFFF\r\n", -400, "")]
    [InlineData("100000000\r\n", -400, "")]
    [InlineData("5\r\nhello\r\n60\r\n", -413, "hello")]
    public void Chunks_are_the_same_however_they_arrive(string text, int expected, string body)
    {
        byte[] whole = Encoding.Latin1.GetBytes(text);
        for (int split = 0; split <= whole.Length; split++)
        {
            byte[] bytes = [.. whole];
            var chunks = default(ChunkedBody);
            int written = 0;
            int read = 0;
            int result = chunks.Decode(bytes.AsSpan(0, split), ref written, ref read, 100);
            result = result == 0 ? chunks.Decode(bytes, ref written, ref read, 100) : result;
            Assert.Equal(expected, result);
            Assert.Equal(body, Encoding.Latin1.GetString(bytes, 0, written));
        }
    }

    [Fact]
    public void Mutated_bytes_never_throw()
    {
        const ulong Seed = 20;
        var random = new Prng(Seed);
        byte[] head = Encoding.Latin1.GetBytes(Good);
        byte[] chunked = "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"u8.ToArray();
        var parser = new RequestHead();
        for (int i = 0; i < 50_000; i++)
        {
            byte[] one = [.. i % 2 == 0 ? head : chunked];
            for (int n = random.Between(1, 4); n > 0; n--)
            {
                one[random.Below(one.Length)] = (byte)random.Below(256);
            }

            Assert.InRange(parser.Parse(one), -599, one.Length);
            int written = 0;
            int read = 0;
            Assert.InRange(default(ChunkedBody).Decode(one, ref written, ref read, 1000), -599, 1);
            Assert.True(written <= read && read <= one.Length, $"seed {Seed}, case {i}");
        }
    }
}

using System.Text;
using Nines.Http.Protocol;
using Nines.Kernel;

namespace Nines.Http.Tests;

public sealed class ChunkedBodyTests
{
    private const string Encoded = "5\r\nhello\r\n1;name=value\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";

    [Fact]
    public void However_it_arrives_the_body_is_the_same()
    {
        byte[] all = Encoding.ASCII.GetBytes(Encoded);
        for (int first = 0; first <= all.Length; first++)
        {
            for (int second = first; second <= all.Length; second += 3)
            {
                (int result, string body) = Decode(all, 1000, first, second, all.Length);
                Assert.Equal((1, "hello 0123456789"), (result, body));
            }
        }
    }

    [Theory]
    [InlineData("5\nhello\r\n0\r\n\r\n", -400)]
    [InlineData("5\r\nhelloX\r\n0\r\n\r\n", -400)]
    [InlineData("x\r\n", -400)]
    [InlineData("\r\n", -400)]
    [InlineData("-1\r\n", -400)]
    [InlineData("ffffffff\r\n", -400)]
    [InlineData("fffffffff\r\n", -400)]
    [InlineData("7fffffff\r\n", -413)]
    [InlineData("3E9\r\n", -413)]
    [InlineData("3e7\r\n", 0)]
    public void Sizes_are_checked_before_data_is_kept(string text, int expected) =>
        Assert.Equal(expected, Decode(Encoding.ASCII.GetBytes(text), 1000, text.Length).Result);

    [Fact]
    public void Trailers_and_lines_are_bounded()
    {
        string trailers = string.Concat(Enumerable.Repeat("A: b\r\n", 3000));
        Assert.Equal(-431, Decode(Encoding.ASCII.GetBytes("0\r\n" + trailers + "\r\n"), 1000, trailers.Length + 5).Result);
        Assert.Equal(-400, Decode(Encoding.ASCII.GetBytes("1;" + new string('a', 3000)), 1000, 3002).Result);
    }

    [Fact]
    public void Arbitrary_bytes_end()
    {
        var random = new Prng(11);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(Encoded);
            bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            int half = random.Below(bytes.Length);
            Assert.InRange(Decode(bytes, 1000, half, bytes.Length).Result, -599, 1);
        }
    }

    /// <summary>Decodes what has arrived after each of the given lengths.</summary>
    private static (int Result, string Body) Decode(byte[] all, long limit, params ReadOnlySpan<int> arrivals)
    {
        byte[] buffer = [.. all];
        var chunks = default(ChunkedBody);
        int written = 0;
        int read = 0;
        int result = 0;
        foreach (int arrived in arrivals)
        {
            result = chunks.Decode(buffer.AsSpan(0, arrived), ref written, ref read, limit);
            if (result != 0)
            {
                break;
            }
        }

        return (result, Encoding.ASCII.GetString(buffer, 0, written));
    }
}

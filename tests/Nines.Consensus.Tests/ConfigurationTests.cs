using Nines.Kernel;

namespace Nines.Consensus.Tests;

public sealed class ConfigurationTests
{
    [Fact]
    public void Golden_bytes()
    {
        var joint = new Configuration(Ids(1, 300), Ids(2), Ids(4));
        Assert.Equal("010201AC0201020104", Convert.ToHexString(joint.Encode()));
        Assert.Equal("01000000", Convert.ToHexString(Configuration.Empty.Encode()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("02010100000")]
    [InlineData("0201010000")]
    [InlineData("010101")]
    [InlineData("0101010000FF")]
    [InlineData("0102020100 00")]
    [InlineData("010201010000")]
    [InlineData("0101000000")]
    [InlineData("0101FFFFFFFF0F0000")]
    [InlineData("01FFFFFFFFFFFFFFFF7F0000")]
    public void What_Write_does_not_write_is_not_read(string hex)
    {
        string digits = hex.Replace(" ", "", StringComparison.Ordinal);
        byte[] bytes = Convert.FromHexString(digits[..(digits.Length & ~1)]);
        Assert.False(Configuration.TryRead(bytes, out _));
    }

    [Fact]
    public void A_change_and_its_end()
    {
        var old = new Configuration(Ids(1, 2, 3), [], Ids(9));
        Configuration joint = old.Begin([new(ChangeKind.AddVoter, new(9)), new(ChangeKind.Remove, new(1))])!;
        Assert.Equal(new Configuration(Ids(2, 3, 9), Ids(1, 2, 3), []), joint);
        Assert.Null(joint.Begin([new(ChangeKind.Remove, new(2))]));
        Assert.Equal(Configuration.Of(new(2), new(3), new(9)), joint.Leave());
        Configuration learning = old.Begin([new(ChangeKind.AddLearner, new(8))])!;
        Assert.Equal(new Configuration(Ids(1, 2, 3), [], Ids(8, 9)), learning);
        Assert.Equal("(n2 n3 n9 & n1 n2 n3)", joint.ToString());
    }

    [Fact]
    public void Round_trips_and_survives_any_bytes()
    {
        var prng = new Prng(3);
        var buffer = new ByteBuffer();
        for (int i = 0; i < 100_000; i++)
        {
            buffer.Clear();
            var written = new Configuration(Some(prng), Some(prng), Some(prng));
            written.Write(buffer);
            Assert.True(Configuration.TryRead(buffer.Written, out Configuration? read));
            Assert.Equal(written, read);
            buffer.Patch(prng.Below(buffer.Length), 1)[0] = (byte)prng.Below(256);
            if (Configuration.TryRead(buffer.Written, out Configuration? other))
            {
                Assert.True(Configuration.TryRead(other.Encode(), out Configuration? again));
                Assert.Equal(other, again);
            }
        }
    }

    private static IEnumerable<NodeId> Ids(params int[] values) => values.Select(v => new NodeId(v));

    private static NodeId[] Some(Prng prng) => [.. Enumerable.Range(0, prng.Below(5)).Select(_ => new NodeId(1 + prng.Below(1000)))];
}

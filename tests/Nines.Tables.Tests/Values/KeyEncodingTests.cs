using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Values;

public sealed class KeyEncodingTests
{
    [Fact]
    public void The_order_of_encodings_is_the_order_of_values()
    {
        var prng = new Prng(21);
        for (int i = 0; i < 50_000; i++)
        {
            (AttributeValue a, AttributeValue b, int order) = Pair(prng);
            Assert.True(
                Math.Sign(Sort(a).AsSpan().SequenceCompareTo(Sort(b))) == Math.Sign(order), $"sort i={i} {a} {b}");
            Assert.True(
                Math.Sign(Partition(a).AsSpan().SequenceCompareTo(Partition(b))) == Math.Sign(order), $"partition i={i} {a} {b}");
        }
    }

    [Fact]
    public void A_partitions_items_are_together_and_in_the_order_of_the_sort_key()
    {
        var prng = new Prng(22);
        for (int i = 0; i < 50_000; i++)
        {
            (AttributeValue a, AttributeValue b, int partitions) = Pair(prng);
            (AttributeValue x, AttributeValue y, int sorts) = Pair(prng);
            var first = new ByteBuffer();
            var second = new ByteBuffer();
            KeyEncoding.Key(a, x, first);
            KeyEncoding.Key(b, y, second);
            int expected = partitions != 0 ? partitions : sorts;
            Assert.True(Math.Sign(first.Written.SequenceCompareTo(second.Written)) == Math.Sign(expected), $"i={i} {a}/{x} {b}/{y}");
            Assert.True(first.Written.StartsWith(Partition(b)) == (partitions == 0), $"i={i}");
        }
    }

    [Theory]
    [InlineData("0", "02")]
    [InlineData("1", "0382" + "0B" + "00")]
    [InlineData("12", "0383" + "0D" + "00")]
    [InlineData("120", "0384" + "0D" + "00")]
    [InlineData("-12.345", "017C" + "F2DCCC" + "FF")]
    [InlineData("1e-130", "0300" + "0B" + "00")]
    public void A_number_key_is_these_bytes(string text, string hex)
    {
        Assert.Equal(NumberFault.None, DynamoNumber.Parse(System.Text.Encoding.ASCII.GetBytes(text), out DynamoNumber number));
        Assert.Equal(hex, Convert.ToHexString(Sort(new NumberValue(number))));
    }

    [Fact]
    public void A_text_partition_is_delimited()
    {
        Assert.Equal("61" + "00FF" + "62" + "0001", Convert.ToHexString(Partition(AttributeValue.Of("a\0b"))));
    }

    private static (AttributeValue A, AttributeValue B, int Order) Pair(Prng prng)
    {
        switch (prng.Below(3))
        {
            case 0:
                DynamoNumber m = Draw.Number(prng);
                DynamoNumber n = prng.Chance(0.1) ? m : Draw.Number(prng);
                return (new NumberValue(m), new NumberValue(n), m.CompareTo(n));
            case 1:
                ReadOnlyMemory<byte> s = Draw.Text(prng);
                ReadOnlyMemory<byte> t = prng.Chance(0.1) ? s : Draw.Text(prng);
                return (new StringValue(s), new StringValue(t), s.Span.SequenceCompareTo(t.Span));
            default:
                byte[] x = Draw.Bytes(prng).ToArray();
                byte[] y = prng.Chance(0.3) ? [.. x, 0] : Draw.Bytes(prng).ToArray();
                return (new BinaryValue(x), new BinaryValue(y), x.AsSpan().SequenceCompareTo(y));
        }
    }

    private static byte[] Sort(AttributeValue value)
    {
        var bytes = new ByteBuffer();
        KeyEncoding.Sort(value, bytes);
        return bytes.ToArray();
    }

    private static byte[] Partition(AttributeValue value)
    {
        var bytes = new ByteBuffer();
        KeyEncoding.Partition(value, bytes);
        return bytes.ToArray();
    }
}

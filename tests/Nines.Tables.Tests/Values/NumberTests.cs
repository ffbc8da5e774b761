using System.Numerics;
using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Values;

public sealed class NumberTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("0.000", "0")]
    [InlineData("0e125", "0")]
    [InlineData("00042", "42")]
    [InlineData("+42", "42")]
    [InlineData("1.0", "1")]
    [InlineData("3.1400", "3.14")]
    [InlineData("0042.1200", "42.12")]
    [InlineData("1.5E2", "150")]
    [InlineData("1.5e+2", "150")]
    [InlineData("15e-1", "1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData("-0.005", "-0.005")]
    [InlineData("100", "100")]
    [InlineData("10000000000000000000000000000000000000", "10000000000000000000000000000000000000")]
    [InlineData("99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    [InlineData("1234567890123456789.0123456789012345678", "1234567890123456789.0123456789012345678")]
    [InlineData("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678")]
    [InlineData("0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001")]
    [InlineData("10000000000000000000000000000000000000000000001e-50", "0.00010000000000000000000000000000000000000000000001", NumberFault.TooManyDigits)]
    [InlineData("100000000000000000000000000000000000000000000000000e-50", "1")]
    [InlineData("123456789012345678901234567890123456789", "", NumberFault.TooManyDigits)]
    [InlineData("1234567890123456789012345678901234567800", "1234567890123456789012345678901234567800")]
    [InlineData("1e126", "", NumberFault.Overflow)]
    [InlineData("-1e126", "", NumberFault.Overflow)]
    [InlineData("1e99999999999", "", NumberFault.Overflow)]
    [InlineData("1e-131", "", NumberFault.Underflow)]
    [InlineData("1e-99999999999", "", NumberFault.Underflow)]
    [InlineData("0e126", "", NumberFault.Overflow)]
    [InlineData("0e-131", "", NumberFault.Underflow)]
    [InlineData("1e9223372036854775807", "", NumberFault.Overflow)]
    [InlineData("1e9223372036854775808", "", NumberFault.NotNumeric)]
    [InlineData("", "", NumberFault.Empty)]
    [InlineData(" 1", "", NumberFault.NotNumeric)]
    [InlineData("1 ", "", NumberFault.NotNumeric)]
    [InlineData("abc", "", NumberFault.NotNumeric)]
    [InlineData("1.2.3", "", NumberFault.NotNumeric)]
    [InlineData("0x10", "", NumberFault.NotNumeric)]
    [InlineData("1e", "", NumberFault.NotNumeric)]
    [InlineData("1e+", "", NumberFault.NotNumeric)]
    [InlineData("e5", "", NumberFault.NotNumeric)]
    [InlineData("-", "", NumberFault.NotNumeric)]
    [InlineData(".", "", NumberFault.NotNumeric)]
    [InlineData("NaN", "", NumberFault.NotNumeric)]
    [InlineData("Infinity", "", NumberFault.NotNumeric)]
    public void A_text_is_a_number_or_not(string text, string canonical, NumberFault fault = NumberFault.None)
    {
        Assert.Equal(fault, DynamoNumber.Parse(Encoding.UTF8.GetBytes(text), out DynamoNumber number));
        if (fault == NumberFault.None)
        {
            Assert.Equal(canonical, number.ToString());
        }
    }

    [Fact]
    public void The_ends_of_the_range_are_exact()
    {
        string large = "9.9999999999999999999999999999999999999E+125";
        Assert.Equal(new string('9', 38) + new string('0', 88), Parse(large).ToString());
        Assert.Equal("-" + new string('9', 38) + new string('0', 88), Parse("-" + large).ToString());
        Assert.Equal("0." + new string('0', 129) + "1", Parse("1e-130").ToString());
        Assert.Equal(NumberFault.Overflow, DynamoNumber.Add(Parse(large), Parse("1e88"), out _));
    }

    // Measured on the service, to the byte.
    [Theory]
    [InlineData("0", 1)]
    [InlineData("1", 2)]
    [InlineData("12", 2)]
    [InlineData("123", 3)]
    [InlineData("1234", 3)]
    [InlineData("12345678901234567890123456789012345678", 20)]
    [InlineData("100", 2)]
    [InlineData("1010", 3)]
    [InlineData("0.0000001", 2)]
    [InlineData("1E125", 2)]
    [InlineData("1E-100", 2)]
    [InlineData("1.5", 3)]
    [InlineData("1.234", 4)]
    [InlineData("3.14159", 5)]
    [InlineData("123456", 4)]
    [InlineData("100.5", 4)]
    [InlineData("0.15", 2)]
    [InlineData("-42", 3)]
    [InlineData("-0", 1)]
    public void A_number_has_a_size(string text, int size) => Assert.Equal(size, ItemSize.Of(Parse(text)));

    [Fact]
    public void Sums_and_order_are_those_of_whole_numbers()
    {
        const ulong Seed = 42;
        var prng = new Prng(Seed);
        BigInteger limit = BigInteger.Pow(10, 38);
        int exact = 0;
        int refused = 0;
        for (int i = 0; i < 50_000; i++)
        {
            DynamoNumber a = Draw.Number(prng);
            DynamoNumber b = prng.Chance(0.1) ? -a : Draw.Number(prng);
            BigInteger x = Scaled(a);
            BigInteger y = Scaled(b);
            Assert.True(a.CompareTo(b) == x.CompareTo(y), $"seed={Seed} i={i} {a} {b}");

            BigInteger sum = x + y;
            NumberFault fault = DynamoNumber.Add(a, b, out DynamoNumber result);
            BigInteger stripped = sum;
            while (!stripped.IsZero && (stripped % 10).IsZero)
            {
                stripped /= 10;
            }

            if (BigInteger.Abs(stripped) < limit && BigInteger.Abs(sum) < BigInteger.Pow(10, 126 + 200))
            {
                exact++;
                Assert.True(fault == NumberFault.None && Scaled(result) == sum, $"seed={Seed} i={i} {a} + {b} = {result} {fault}");
            }
            else
            {
                refused++;
                Assert.True(fault is NumberFault.TooManyDigits or NumberFault.Overflow, $"seed={Seed} i={i} {a} + {b} {fault}");
            }
        }

        Assert.True(exact > 5000 && refused > 5000, $"{exact} {refused}");
    }

    [Fact]
    public void What_is_printed_is_read_again()
    {
        var prng = new Prng(7);
        for (int i = 0; i < 20_000; i++)
        {
            DynamoNumber number = Draw.Number(prng);
            Assert.Equal(number, Parse(number.ToString()));
        }
    }

    private static DynamoNumber Parse(string text)
    {
        Assert.Equal(NumberFault.None, DynamoNumber.Parse(Encoding.ASCII.GetBytes(text), out DynamoNumber number));
        return number;
    }

    /// <summary>Times 10^200: a whole number for every number.</summary>
    private static BigInteger Scaled(DynamoNumber number) =>
        (BigInteger)number.Coefficient * BigInteger.Pow(10, number.Exponent + 200) * number.Sign;
}

using System.Text;
using Nines.Kernel;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

public sealed class Crc32Tests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("healthy: dynamodb.us-east-1.amazonaws.com ", 3128867991u)]
    [InlineData("<UnknownOperationException/>\n", 3552371480u)]
    public void Known_texts_have_known_checksums(string text, uint crc) =>
        Assert.Equal(crc, Crc32.Of(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Every_length_agrees_with_the_bit_by_bit_definition()
    {
        var random = new Prng(7);
        var bytes = new byte[100];
        random.Fill(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            uint crc = 0xFFFFFFFF;
            for (int i = 0; i < length; i++)
            {
                crc ^= bytes[i];
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
                }
            }

            Assert.Equal(~crc, Crc32.Of(bytes.AsSpan(0, length)));
        }
    }
}

namespace Nines.Kernel.Tests;

public class BytesTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(128UL)]
    [InlineData(ulong.MaxValue)]
    public void A_varint_comes_back(ulong value)
    {
        var buffer = new ByteBuffer(1);
        buffer.Varint(value);
        var reader = new ByteReader(buffer.Written);
        Assert.Equal(value, reader.Varint());
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void A_varint_of_more_than_64_bits_is_malformed()
    {
        var reader = new ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]);
        reader.Varint();
        Assert.True(reader.Failed);
    }

    [Fact]
    public void A_length_beyond_the_end_fails_instead_of_reading_or_allocating()
    {
        var buffer = new ByteBuffer();
        buffer.Varint(1UL << 40);
        buffer.Byte(1);
        var reader = new ByteReader(buffer.Written);
        Assert.True(reader.Blob().IsEmpty);
        Assert.True(reader.Failed);
        Assert.Equal(0, reader.Byte());
    }

    [Fact]
    public void Any_bytes_are_read_without_an_exception()
    {
        var random = new Prng(1);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 100_000; i++)
        {
            random.Fill(bytes);
            var reader = new ByteReader(bytes.AsMemory(0, random.Below(64)));
            while (!reader.Failed && reader.Left > 0)
            {
                switch (random.Below(7))
                {
                    case 0: reader.Byte(); break;
                    case 1: reader.Fixed32(); break;
                    case 2: reader.Fixed64(); break;
                    case 3: reader.Count(); break;
                    case 4: reader.Blob(); break;
                    case 5: reader.BlobMemory(); break;
                    default: reader.Text(); break;
                }
            }
        }
    }

    [Fact]
    public void Crc32C_gives_the_check_value_of_the_standard() =>
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

    [Fact]
    public void The_generator_keeps_its_sequence_for_ever()
    {
        var random = new Prng(42);
        Assert.Equal([1546998764402558742UL, 6990951692964543102UL, 12544586762248559009UL], [random.Next(), random.Next(), random.Next()]);
    }
}

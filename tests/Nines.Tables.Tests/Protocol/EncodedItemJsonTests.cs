using System.Text;
using System.Text.Json;
using Nines.Kernel;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

public sealed class EncodedItemJsonTests
{
    private static readonly ItemRequest Get = new() { Operation = ItemOperation.Get, TableName = "t", Item = Item.Empty };

    [Fact]
    public void Items_written_from_their_bytes_read_back_as_they_were()
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            Item item = RandomItem(new Prng(seed), 4);
            var encoded = new ByteBuffer();
            ItemCodec.Encode(item, encoded);
            var json = new ByteBuffer();
            Assert.True(ResponseWriter.Item(json, Get, encoded.WrittenMemory, 0, []), $"seed {seed}");
            string text = Encoding.UTF8.GetString(json.Written);
            Assert.StartsWith("{\"Item\":", text, StringComparison.Ordinal);
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text[8..^1]), AttributeValueJson.ReaderOptions);
            reader.Read();
            var findings = new JsonFindings();
            Item again = AttributeValueJson.ReadItem(ref reader, ref findings);
            Assert.True(findings.IsClean && item.Equals(again), $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void Damaged_bytes_are_told_and_never_throw()
    {
        for (ulong seed = 1; seed <= 3000; seed++)
        {
            var random = new Prng(seed);
            var encoded = new ByteBuffer();
            ItemCodec.Encode(RandomItem(random, 3), encoded);
            byte[] bytes = encoded.ToArray();
            for (int i = random.Between(1, 4); i > 0; i--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            bytes = bytes[..random.Between(1, bytes.Length)];
            var json = new ByteBuffer();
            _ = ResponseWriter.Item(json, Get, bytes, 0, []);
            Assert.True(json.Length < 64 * 1024, $"seed {seed}");
        }
    }

    internal static Item RandomItem(Prng random, int depth)
    {
        var builder = new ItemBuilder();
        for (int i = random.Below(6); i >= 0; i--)
        {
            builder.Add("n" + RandomText(random), RandomValue(random, depth));
        }

        return builder.Build();
    }

    private static AttributeValue RandomValue(Prng random, int depth)
    {
        switch (random.Below(depth > 0 ? 10 : 8))
        {
            case 0:
                return AttributeValue.Of(RandomText(random));
            case 1:
                return new NumberValue(RandomNumber(random));
            case 2:
                return new BinaryValue(RandomBytes(random));
            case 3:
                return BooleanValue.Of(random.Chance(0.5));
            case 4:
                return NullValue.Instance;
            case 5:
                return StringSetValue.Of([.. Enumerable.Range(0, random.Between(1, 4)).Select(_ => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(RandomText(random)))]);
            case 6:
                return NumberSetValue.Of([.. Enumerable.Range(0, random.Between(1, 4)).Select(_ => RandomNumber(random))]);
            case 7:
                return BinarySetValue.Of([.. Enumerable.Range(0, random.Between(1, 4)).Select(_ => (ReadOnlyMemory<byte>)RandomBytes(random))]);
            case 8:
                return new MapValue(RandomItem(random, depth - 1));
            default:
                return new ListValue([.. Enumerable.Range(0, random.Below(4)).Select(_ => RandomValue(random, depth - 1))]);
        }
    }

    private static DynamoNumber RandomNumber(Prng random)
    {
        _ = DynamoNumber.Create(random.Chance(0.5), random.Next() >> random.Below(64), random.Between(-40, 40), out DynamoNumber number);
        return number;
    }

    private static byte[] RandomBytes(Prng random)
    {
        var bytes = new byte[random.Below(20)];
        random.Fill(bytes);
        return bytes;
    }

    private static string RandomText(Prng random)
    {
        const string Letters = "ab\"\\\n\t\u0001\u007fé€z/";
        var text = new StringBuilder();
        for (int i = random.Below(12); i > 0; i--)
        {
            text.Append(random.Chance(0.05) ? "😀" : Letters[random.Below(Letters.Length)].ToString());
        }

        return text.ToString();
    }
}

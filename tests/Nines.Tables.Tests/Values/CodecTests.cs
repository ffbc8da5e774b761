using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Expressions;

namespace Nines.Tables.Tests.Values;

public sealed class CodecTests
{
    [Fact]
    public void An_items_bytes_are_these()
    {
        Item item = Given.Item("""
            {"s":{"S":"hé"},"n":{"N":"-12.5"},"w":{"N":"99999999999999999999999999999999999999"},"b":{"B":"AQID"},"t":{"BOOL":true},
             "z":{"NULL":true},"m":{"M":{"k":{"BOOL":false}}},"l":{"L":[{"N":"0"}]},"ss":{"SS":["b","a"]},"ns":{"NS":["2","1"]},"bs":{"BS":["AA=="]}}
            """);

        Assert.Equal(
            "010B016203030102030262730A010100016C070102000000016D0601016B0400016E0201017D026E7309020000010000020173010368C3A9"
            + "027373080201610162017404010177020200FFFFFFFFFFC788C509FA889BD48595D39D4B017A05",
            Hex(item));
    }

    [Fact]
    public void A_conditions_bytes_are_these()
    {
        Condition condition = ExpressionParser.ParseCondition(
            "NOT a.b[2] = :n AND (size(#c) > :n OR attribute_exists(a) OR a IN (:s, b)) AND a BETWEEN b AND c AND begins_with(a, :s)",
            ExpressionKind.Condition,
            Given.Usual()).Value!;
        var bytes = new ByteBuffer();
        ExpressionCodec.Encode(condition, bytes);

        Assert.Equal(
            "0101010402030001030001610001620102020200000501000303040301010001630202000005060101000161050101000161020201017301"
            + "010001620401010001610101000162010100016308010100016102010173",
            Convert.ToHexString(bytes.Written));
    }

    [Fact]
    public void Items_come_back_as_they_were()
    {
        var prng = new Prng(11);
        var bytes = new ByteBuffer();
        for (int i = 0; i < 5_000; i++)
        {
            Item item = Draw.Item(prng);
            bytes.Clear();
            ItemCodec.Encode(item, bytes);
            Assert.True(ItemCodec.TryDecode(bytes.ToArray(), out Item decoded), $"i={i}");
            Assert.Equal(item, decoded);
            Assert.Equal(Given.Json(item), Given.Json(Given.Item(Given.Json(item))));
        }
    }

    [Fact]
    public void Expressions_come_back_as_they_were()
    {
        var prng = new Prng(12);
        var bytes = new ByteBuffer();
        var again = new ByteBuffer();
        for (int i = 0; i < 5_000; i++)
        {
            bytes.Clear();
            again.Clear();
            Condition condition = Draw.Condition(prng);
            UpdateProgram update = Draw.Update(prng);
            ExpressionCodec.Encode(condition, bytes);
            ExpressionCodec.Encode(update, bytes);
            ExpressionCodec.Encode(update.Updated, bytes);
            var reader = new ByteReader(bytes.ToArray().AsMemory());
            Condition? decodedCondition = ExpressionCodec.DecodeCondition(ref reader);
            UpdateProgram? decodedUpdate = ExpressionCodec.DecodeUpdate(ref reader);
            ProjectionPlan? decodedPlan = ExpressionCodec.DecodeProjection(ref reader);
            Assert.True(reader.IsComplete, $"i={i}");
            ExpressionCodec.Encode(decodedCondition!, again);
            ExpressionCodec.Encode(decodedUpdate!, again);
            ExpressionCodec.Encode(decodedPlan!, again);
            Assert.True(bytes.Written.SequenceEqual(again.Written), $"i={i}");

            Item item = Draw.Item(prng);
            Assert.Equal(condition.Evaluate(item), decodedCondition!.Evaluate(item));
            Assert.Equal(update.Apply(item), decodedUpdate!.Apply(item));
        }
    }

    [Fact]
    public void Cut_and_changed_bytes_are_refused_or_decode_to_themselves()
    {
        var prng = new Prng(13);
        var bytes = new ByteBuffer();
        for (int i = 0; i < 30_000; i++)
        {
            bytes.Clear();
            ItemCodec.Encode(Draw.Item(prng), bytes);
            byte[] changed = Fuzz.Mutate(prng, bytes.ToArray());
            if (ItemCodec.TryDecode(changed, out Item item))
            {
                // One item has one encoding, except for overlong varints.
                bytes.Clear();
                ItemCodec.Encode(item, bytes);
                Assert.True(bytes.Length <= changed.Length);
                Assert.True(ItemCodec.TryDecode(bytes.ToArray(), out Item again));
                Assert.Equal(item, again);
            }
        }
    }

    private static string Hex(Item item)
    {
        var bytes = new ByteBuffer();
        ItemCodec.Encode(item, bytes);
        return Convert.ToHexString(bytes.Written);
    }
}

using System.Text;
using System.Text.Json;
using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Expressions;

namespace Nines.Tables.Tests.Values;

public sealed class FuzzTests
{
    private static readonly string[] Seeds =
    [
        "attribute_not_exists(a.b[2]) AND (#a = :n OR size(b) > :m) AND NOT c BETWEEN :n AND :m",
        "a IN (:s, b, (c)) OR contains(l, :s) AND begins_with(s, :s) OR attribute_type(a, :N)",
        "SET a = :n, b.c[1] = if_not_exists(b, :n) + :m REMOVE d, e[0] ADD f :n, g :ss DELETE h :ns",
        "SET a = list_append(if_not_exists(a, :e), :l), #b = b - :n",
        "a, b.c[2].d, #x, e[0], e[1]",
    ];

    private static readonly string[] Pieces =
    [
        "(", ")", "[", "]", ".", ",", "=", "<", ">", "<>", "<=", ">=", "+", "-", " ", "\t", "#a", ":n", ":s", "#", ":", "a", "b1", "_",
        "AND", "or", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE", "size(", "contains(", "0", "17", "99999999999", "é", "🙂", "\0",
    ];

    [Fact]
    public void No_text_breaks_the_expression_parser()
    {
        var prng = new Prng(31);
        ExpressionContext context = Given.Usual();
        Item item = Draw.Item(prng);
        int read = 0;
        for (int i = 0; i < Fuzz.Cases; i++)
        {
            string text = prng.Chance(0.5)
                ? Encoding.UTF8.GetString(Fuzz.Mutate(prng, Encoding.UTF8.GetBytes(prng.Pick(Seeds)), "() []=<>#:abn,.+-"u8))
                : string.Concat(Enumerable.Range(0, prng.Below(20)).Select(_ => prng.Pick(Pieces)));
            try
            {
                Parsed<Condition> condition = ExpressionParser.ParseCondition(text, ExpressionKind.Filter, context);
                Parsed<UpdateProgram> update = ExpressionParser.ParseUpdate(text, context);
                Parsed<ProjectionPlan> plan = ExpressionParser.ParseProjection(text, context);
                read += condition.IsOk || update.IsOk || plan.IsOk ? 1 : 0;
                _ = condition.Value?.Evaluate(item);
                _ = update.Value?.Apply(item);
                _ = plan.Value?.Apply(item);
            }
            catch (Exception e)
            {
                Assert.Fail($"i={i} text={text} {e}");
            }
        }

        Assert.True(read > 2_000, $"only {read} of the texts were expressions");
    }

    [Fact]
    public void No_bytes_break_the_expression_decoders()
    {
        var prng = new Prng(32);
        var bytes = new ByteBuffer();
        int read = 0;
        byte[] condition = [];
        byte[] update = [];
        for (int i = 0; i < Fuzz.Cases; i++)
        {
            if (i % 10 == 0)
            {
                bytes.Clear();
                ExpressionCodec.Encode(Draw.Condition(prng), bytes);
                condition = bytes.ToArray();
                bytes.Clear();
                ExpressionCodec.Encode(Draw.Update(prng), bytes);
                update = bytes.ToArray();
            }

            byte[] changed = Fuzz.Mutate(prng, prng.Chance(0.5) ? condition : update);
            try
            {
                var first = new ByteReader(changed.AsMemory());
                var second = new ByteReader(changed.AsMemory());
                var third = new ByteReader(changed.AsMemory());
                bool conditionRead = ExpressionCodec.DecodeCondition(ref first) is not null;
                bool updateRead = ExpressionCodec.DecodeUpdate(ref second) is not null;
                bool planRead = ExpressionCodec.DecodeProjection(ref third) is not null;
                Assert.Equal(conditionRead, !first.Failed);
                Assert.Equal(updateRead, !second.Failed);
                Assert.Equal(planRead, !third.Failed);
                read += conditionRead || updateRead ? 1 : 0;
            }
            catch (Exception e)
            {
                Assert.Fail($"i={i} bytes={Convert.ToHexString(changed)} {e}");
            }
        }

        Assert.True(read > 2_000, $"only {read} decoded");
    }

    [Fact]
    public void No_bytes_break_the_item_decoder()
    {
        var prng = new Prng(33);
        var bytes = new ByteBuffer();
        byte[] random = new byte[64];
        for (int i = 0; i < Fuzz.Cases; i++)
        {
            prng.Fill(random);
            random[0] = 1;
            random[1] = (byte)prng.Below(4);
            _ = ItemCodec.TryDecode(random.AsMemory(0, prng.Between(1, random.Length)), out _);
        }

        byte[] deep = [1, 1, 0, .. Enumerable.Repeat<byte[]>([7, 1], 5000).SelectMany(b => b)];
        Assert.False(ItemCodec.TryDecode(deep, out _));
        byte[] huge = [1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
        Assert.False(ItemCodec.TryDecode(huge, out _));
        Assert.Equal(0, bytes.Length);
    }

    [Fact]
    public void No_json_breaks_the_value_reader()
    {
        var prng = new Prng(34);
        int read = 0;
        int refused = 0;
        byte[] json = [];
        for (int i = 0; i < Fuzz.Cases; i++)
        {
            if (i % 10 == 0)
            {
                json = Encoding.UTF8.GetBytes(Given.Json(Draw.Item(prng)));
            }

            byte[] changed = Fuzz.Mutate(prng, json, "{}[]\":,SNBMLOU01=e.-\\u"u8);
            try
            {
                var reader = new Utf8JsonReader(changed, AttributeValueJson.ReaderOptions);
                reader.Read();
                var findings = default(JsonFindings);
                Item item = AttributeValueJson.ReadItem(ref reader, ref findings);
                if (findings.IsClean)
                {
                    read++;
                    Assert.Equal(item, Given.Item(Given.Json(item)));
                }
                else
                {
                    refused++;
                }
            }
            catch (JsonException)
            {
                // The bytes are no JSON; the door answers that once for the whole request.
            }
            catch (Exception e)
            {
                Assert.Fail($"i={i} json={Encoding.UTF8.GetString(changed)} {e}");
            }
        }

        Assert.True(read > 2_000 && refused > 2_000, $"read {read}, refused {refused}");
    }
}

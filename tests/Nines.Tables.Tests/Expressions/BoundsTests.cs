using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Expressions;

/// <summary>Every replica evaluates expressions between two heartbeats: what one request may cost is bounded.</summary>
public sealed class BoundsTests
{
    [Fact]
    public void Parts_are_found_as_the_library_finds_them()
    {
        var prng = new Prng(5);
        int found = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] whole = Letters(prng, prng.Below(400));
            byte[] part = prng.Chance(0.5) || whole.Length < 40
                ? Letters(prng, prng.Below(80))
                : whole[prng.Below(whole.Length / 2)..][..(whole.Length / 2)];
            bool expected = whole.AsSpan().IndexOf(part) >= 0;
            Assert.Equal(expected, SubstringSearch.Contains(whole, part));
            found += expected ? 1 : 0;
        }

        Assert.InRange(found, 5000, 17_000);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(200_000)]
    public void The_worst_of_parts_is_looked_for_in_one_pass(int half)
    {
        byte[] whole = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("ab", 200_000)));
        string side = string.Concat(Enumerable.Repeat("ab", half / 4));
        Assert.False(SubstringSearch.Contains(whole, Encoding.ASCII.GetBytes(side + "aa" + side)));
        Assert.True(SubstringSearch.Contains((byte[])[.. whole, (byte)'!'], Encoding.ASCII.GetBytes(side + "ab!")));
    }

    [Fact]
    public void Nested_appends_keep_their_order()
    {
        UpdateProgram update = Update("SET a = list_append(list_append(a, :x), if_not_exists(b, list_append(:y, :x)))");
        UpdateResult result = update.Apply(Given.Item("""{"id":{"S":"k"},"a":{"L":[{"N":"0"}]}}"""));
        Assert.Equal(UpdateFault.None, result.Fault);
        Assert.Equal("""{"a":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"1"}]},"id":{"S":"k"}}""", Given.Json(result.Item!));
    }

    [Theory]
    [InlineData("SET a = list_append(a, s)", UpdateFault.WrongType)]
    [InlineData("SET a = list_append(gone, list_append(s, :x))", UpdateFault.WrongType)]
    [InlineData("SET a = list_append(gone, list_append(:y, :x))", UpdateFault.MissingAttribute)]
    public void Nested_appends_keep_their_faults(string expression, UpdateFault fault) =>
        Assert.Equal(fault, Update(expression).Apply(Given.Item("""{"a":{"L":[]},"s":{"S":"s"}}""")).Fault);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_list_that_outgrows_an_item_is_not_built(bool behindFallbacks)
    {
        const int Levels = 100;
        string expression = "l";
        for (int i = 0; i < Levels; i++)
        {
            expression = behindFallbacks ? $"list_append(if_not_exists(m{i}, {expression}), l)" : $"list_append({expression}, l)";
        }

        Item item = Item.Of(("l", new ListValue([.. Enumerable.Repeat<AttributeValue>(NullValue.Instance, 20_000)])));
        UpdateProgram update = Update("SET a = " + expression);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(UpdateFault.ItemTooLarge, update.Apply(item).Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Many_lists_that_outgrow_an_item_together_are_not_all_built()
    {
        Item item = Item.Of(("l", new ListValue([.. Enumerable.Repeat<AttributeValue>(NullValue.Instance, 100_000)])));
        UpdateProgram update = Update("SET " + string.Join(", ", Enumerable.Range(0, 100).Select(i => $"a{i} = list_append(l, l)")));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(UpdateFault.ItemTooLarge, update.Apply(item).Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Operators_may_nest_as_deep_as_there_may_be_operators()
    {
        string deep = string.Concat(Enumerable.Repeat("NOT(", 299)) + "a = b" + new string(')', 299);
        Assert.Null(ExpressionParser.ParseCondition(deep, ExpressionKind.Condition, ExpressionContext.None()).Error);
        Assert.Contains(
            "operator count: 301",
            ExpressionParser.ParseCondition("NOT(" + deep + ")", ExpressionKind.Condition, ExpressionContext.None()).Error!.Message,
            StringComparison.Ordinal);
    }

    private static UpdateProgram Update(string expression)
    {
        ExpressionContext context = Given.Context(values: """{":x":{"L":[{"N":"1"}]},":y":{"L":[{"N":"2"}]}}""").Value!;
        Parsed<UpdateProgram> update = ExpressionParser.ParseUpdate(expression, context);
        Assert.Null(update.Error?.Message);
        return update.Value!;
    }

    private static byte[] Letters(Prng prng, int count)
    {
        byte[] letters = new byte[count];
        for (int i = 0; i < count; i++)
        {
            letters[i] = (byte)(prng.Chance(0.02) ? 'b' : 'a');
        }

        return letters;
    }
}

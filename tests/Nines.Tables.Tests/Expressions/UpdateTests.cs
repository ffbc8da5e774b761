using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Expressions;

public sealed class UpdateTests
{
    private const string WrongType = "An operand in the update expression has an incorrect data type";
    private const string Missing = "The provided expression refers to an attribute that does not exist in the item";
    private const string BadPath = "The document path provided in the update expression is invalid for update";
    private const string Sample =
        """{"l":{"L":[{"S":"a"},{"S":"b"},{"S":"c"}]},"m":{"M":{"n":{"N":"1"}}},"n":{"N":"5"},"s":{"S":"x"},"ss":{"SS":["p","q"]}}""";

    private const string Values =
        """
        {":one":{"N":"1"},":s":{"S":"new"},":l":{"L":[{"S":"z"}]},":p":{"SS":["p"]},":pq":{"SS":["p","q"]},":r":{"SS":["r"]},
         ":ns":{"NS":["1"]},":big":{"N":"9e125"},":tiny":{"N":"1e-100"},":m":{"M":{}}}
        """;

    [Theory]
    [InlineData("SET a = :s", """ "a":{"S":"new"},"l":{L},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET n = n + :one", """ "l":{L},"m":{M},"n":{"N":"6"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET n = (n + :one)", """ "l":{L},"m":{M},"n":{"N":"6"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET n = (n) + (:one), s = (n)", """ "l":{L},"m":{M},"n":{"N":"6"},"s":{"N":"5"},"ss":{SS} """)]
    [InlineData("SET n = :one - n, s = n", """ "l":{L},"m":{M},"n":{"N":"-4"},"s":{"N":"5"},"ss":{SS} """)]
    [InlineData("SET n = s, s = n", """ "l":{L},"m":{M},"n":{"S":"x"},"s":{"N":"5"},"ss":{SS} """)]
    [InlineData("SET a = if_not_exists(n, :s), s = if_not_exists(q, :one) + n", """ "a":{"N":"5"},"l":{L},"m":{M},"n":{"N":"5"},"s":{"N":"6"},"ss":{SS} """)]
    [InlineData("SET l = list_append(l, :l)", """ "l":{"L":[{"S":"a"},{"S":"b"},{"S":"c"},{"S":"z"}]},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET a = list_append(:l, if_not_exists(q, :l))", """ "a":{"L":[{"S":"z"},{"S":"z"}]},"l":{L},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET m.n = m.n + :one, m.x = :s", """ "l":{L},"m":{"M":{"n":{"N":"2"},"x":{"S":"new"}}},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET l[1] = :s", """ "l":{"L":[{"S":"a"},{"S":"new"},{"S":"c"}]},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("SET l[9] = :s, l[7] = :one", """ "l":{"L":[{"S":"a"},{"S":"b"},{"S":"c"},{"N":"1"},{"S":"new"}]},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("REMOVE l[0], l[2], l[8]", """ "l":{"L":[{"S":"b"}]},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("REMOVE l[0] SET l[5] = l[0], l[1] = :one", """ "l":{"L":[{"N":"1"},{"S":"c"},{"S":"a"}]},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("REMOVE s, q, m.n, m.q", """ "l":{L},"m":{"M":{}},"n":{"N":"5"},"ss":{SS} """)]
    [InlineData("ADD n :one, a :one, ss :r, b :r", """ "a":{"N":"1"},"b":{"SS":["r"]},"l":{L},"m":{M},"n":{"N":"6"},"s":{"S":"x"},"ss":{"SS":["p","q","r"]} """)]
    [InlineData("ADD m.n :one", """ "l":{L},"m":{"M":{"n":{"N":"2"}}},"n":{"N":"5"},"s":{"S":"x"},"ss":{SS} """)]
    [InlineData("DELETE ss :p, a :r", """ "l":{L},"m":{M},"n":{"N":"5"},"s":{"S":"x"},"ss":{"SS":["q"]} """)]
    [InlineData("DELETE ss :pq", """ "l":{L},"m":{M},"n":{"N":"5"},"s":{"S":"x"} """)]
    [InlineData("SET m = :m REMOVE n", """ "l":{L},"m":{"M":{}},"s":{"S":"x"},"ss":{SS} """)]
    public void An_update_changes_the_item(string text, string expected)
    {
        UpdateResult result = Parse(text).Value!.Apply(Given.Item(Sample));

        expected = $"{{{expected.Trim()}}}"
            .Replace("{L}", """{"L":[{"S":"a"},{"S":"b"},{"S":"c"}]}""")
            .Replace("{M}", """{"M":{"n":{"N":"1"}}}""")
            .Replace("{SS}", """{"SS":["p","q"]}""");
        Assert.Equal(UpdateFault.None, result.Fault);
        Assert.Equal(expected, Given.Json(result.Item!));
    }

    [Theory]
    [InlineData("SET a = q", Missing)]
    [InlineData("SET a = q + :one", Missing)]
    [InlineData("SET a = s + :one", WrongType)]
    [InlineData("SET a = q, b = s + :one", WrongType)]
    [InlineData("SET a = list_append(s, :l)", WrongType)]
    [InlineData("SET a = list_append(q, :l)", Missing)]
    [InlineData("SET a.b = :s", BadPath)]
    [InlineData("SET s.b = :s", BadPath)]
    [InlineData("SET m[0] = :s", BadPath)]
    [InlineData("SET l.a = :s", BadPath)]
    [InlineData("SET l[4].a = :s", BadPath)]
    [InlineData("REMOVE a.b", BadPath)]
    [InlineData("ADD a.b :one", BadPath)]
    [InlineData("ADD s :one", WrongType)]
    [InlineData("ADD ss :ns", WrongType)]
    [InlineData("ADD ss :one", WrongType)]
    [InlineData("DELETE ss :ns", WrongType)]
    [InlineData("DELETE s :p", WrongType)]
    [InlineData("SET a = n + :tiny", "Attempting to store more than 38 significant digits in a Number")]
    [InlineData("SET a = :big + :big", "Number overflow. Attempting to store a number with magnitude larger than supported range")]
    [InlineData("ADD n :tiny", "Attempting to store more than 38 significant digits in a Number")]
    public void An_update_that_does_not_fit_leaves_all_as_it_was(string text, string message)
    {
        UpdateResult result = Parse(text).Value!.Apply(Given.Item(Sample));

        Assert.Null(result.Item);
        Assert.Equal(message, result.Fault.ToError().Message);
    }

    [Theory]
    [InlineData("", "The expression can not be empty;")]
    [InlineData("whatever", "Syntax error; token: \"whatever\", near: \"whatever\"")]
    [InlineData("INVALID SYNTAX HERE", "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"")]
    [InlineData("SET a", "Syntax error; token: \"<EOF>\", near: \"a\"")]
    [InlineData("SET a = :one,", "Syntax error; token: \"<EOF>\", near: \",\"")]
    [InlineData("SET a = (:one + :one", "Syntax error; token: \"<EOF>\", near: \":one\"")]
    [InlineData("SET a = (:one + :one) + :one", "Syntax error; token: \"+\", near: \") + :one\"")]
    [InlineData("SET a = :one + :one + :one", "Syntax error; token: \"+\", near: \":one + :one\"")]
    [InlineData("ADD a b", "Syntax error; token: \"b\", near: \"a b\"")]
    [InlineData("REMOVE a :one", "Syntax error; token: \":one\", near: \"a :one\"")]
    [InlineData("SET abort = :one", "Attribute name is a reserved keyword; reserved keyword: abort")]
    [InlineData("SET a = foo(:one)", "Invalid function name; function: foo")]
    [InlineData("SET a = size(b)", "The function is not allowed in an update expression; function: size")]
    [InlineData("SET a = :one REMOVE b SET c = :one", "The \"SET\" section can only be used once in an update expression;")]
    [InlineData("REMOVE a ADD b :q REMOVE c", "The \"REMOVE\" section can only be used once in an update expression;")]
    [InlineData("SET #q = :one", "An expression attribute name used in the document path is not defined; attribute name: #q")]
    [InlineData("SET a = :q", "An expression attribute value used in expression is not defined; attribute value: :q")]
    [InlineData("SET a = :q, #q = :one", "An expression attribute name used in the document path is not defined; attribute name: #q")]
    [InlineData("SET a = :one, a = :q", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]")]
    [InlineData("SET a.b = :one REMOVE a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]")]
    [InlineData("SET a = :one REMOVE a[1].b", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, [1], b]")]
    [InlineData("SET a.b = :one, a[1] = :one", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]")]
    [InlineData("SET a = if_not_exists(b)", "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1")]
    [InlineData("SET a = if_not_exists(:one, b)", "Operator or function requires a document path; operator or function: if_not_exists")]
    [InlineData("SET a = list_append(:one, b)", "Incorrect operand type for operator or function; operator or function: list_append, operand type: N")]
    [InlineData("SET a = b + :s", "Incorrect operand type for operator or function; operator or function: +, operand type: S")]
    [InlineData("SET a = :l - b", "Incorrect operand type for operator or function; operator or function: -, operand type: L")]
    [InlineData("ADD a :s", "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND")]
    [InlineData("ADD a :l", "Incorrect operand type for operator or function; operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND")]
    [InlineData("DELETE a :one", "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND")]
    [InlineData("DELETE a :m", "Incorrect operand type for operator or function; operator: DELETE, operand type: MAP, typeSet: ALLOWED_FOR_DELETE_OPERAND")]
    public void A_bad_update_gets_the_services_words(string text, string message)
    {
        Assert.Equal("Invalid UpdateExpression: " + message, Parse(text).Error!.Message);
    }

    [Fact]
    public void Key_attributes_are_not_updated()
    {
        UpdateProgram program = Parse("SET a = :one REMOVE b[1]").Value!;

        Assert.Null(program.CheckKeys(["k", "c"]));
        Assert.Equal(
            "One or more parameter values were invalid: Cannot update attribute b. This attribute is part of the key",
            program.CheckKeys(["k", "b"])!.Message);
    }

    [Fact]
    public void An_update_of_nothing_begins_with_the_key()
    {
        UpdateResult result = Parse("ADD n :one SET s = if_not_exists(s, :s)").Value!.Apply(Given.Item("""{"k":{"S":"key"}}"""));

        Assert.Equal("""{"k":{"S":"key"},"n":{"N":"1"},"s":{"S":"new"}}""", Given.Json(result.Item!));
    }

    [Fact]
    public void The_updated_parts_are_told()
    {
        UpdateProgram program = Parse("SET m.n = :one, l[1] = :s REMOVE s ADD q :one").Value!;
        Item old = Given.Item(Sample);
        UpdateResult result = program.Apply(old);

        Assert.Equal("""{"l":{"L":[{"S":"b"}]},"m":{"M":{"n":{"N":"1"}}},"s":{"S":"x"}}""", Given.Json(program.Updated.Apply(old)));
        Assert.Equal(
            """{"l":{"L":[{"S":"new"}]},"m":{"M":{"n":{"N":"1"}}},"q":{"N":"1"}}""", Given.Json(program.Updated.Apply(result.Item!)));
    }

    [Fact]
    public void The_result_keeps_the_limits()
    {
        Item large = Item.Of(("a", new StringValue(new byte[300 * 1024])), ("l", Given.Item(Sample)["l"]!));
        Assert.Equal("Item size to update has exceeded the maximum allowed size", Parse("SET b = a").Value!.Apply(large).Fault.ToError().Message);

        AttributeValue deep = AttributeValue.Of("leaf");
        for (int i = 0; i < 31; i++)
        {
            deep = new MapValue(Item.Of(("m", deep)));
        }

        Item nested = Item.Of(("d", deep), ("m", new MapValue(Item.Empty)));
        Assert.Equal(UpdateFault.None, Parse("SET c = d").Value!.Apply(nested).Fault);
        Assert.Equal(UpdateFault.TooDeep, Parse("SET m.c = d").Value!.Apply(nested).Fault);
        Assert.Equal(UpdateFault.None, Parse("SET m.c = d.m").Value!.Apply(nested).Fault);
    }

    private static Parsed<UpdateProgram> Parse(string text) =>
        ExpressionParser.ParseUpdate(text, Given.Context(null, Values).Value!);
}

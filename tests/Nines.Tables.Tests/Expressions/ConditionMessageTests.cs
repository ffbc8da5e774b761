using Nines.Tables.Model.Expressions;

namespace Nines.Tables.Tests.Expressions;

public sealed class ConditionMessageTests
{
    private const string AnyType = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}";
    private const string Types = "Incorrect operand type for operator or function; operator or function: ";
    private const string Distinct = "The first operand must be distinct from the remaining operands for this operator or function; operator: ";

    [Theory]
    [InlineData("", "The expression can not be empty;")]
    [InlineData("whatever", "Syntax error; token: \"<EOF>\", near: \"whatever\"")]
    [InlineData("INVALID SYNTAX HERE", "Syntax error; token: \"SYNTAX\", near: \"INVALID SYNTAX HERE\"")]
    [InlineData("a = = :n", "Syntax error; token: \"=\", near: \"= = :n\"")]
    [InlineData("_a = :n", "Syntax error; token: \"_\", near: \"_a\"")]
    [InlineData("a = :n AND", "Syntax error; token: \"<EOF>\", near: \"AND\"")]
    [InlineData("attribute_exists(", "Syntax error; token: \"<EOF>\", near: \"(\"")]
    [InlineData("a[:n] = :n", "Syntax error; token: \":n\", near: \"[:n]\"")]
    [InlineData("a[-1] = :n", "Syntax error; token: \"-\", near: \"[-1\"")]
    [InlineData("a[01] = :n", "Syntax error; token: \"1\", near: \"01]\"")]
    [InlineData("(a) = (b", "Syntax error; token: \"<EOF>\", near: \"b\"")]
    [InlineData("a = b = c", "Syntax error; token: \"=\", near: \"b = c\"")]
    [InlineData("NOT", "Syntax error; token: \"<EOF>\", near: \"NOT\"")]
    [InlineData("a IN ()", "Syntax error; token: \")\", near: \"()\"")]
    [InlineData("a BETWEEN :n", "Syntax error; token: \"<EOF>\", near: \":n\"")]
    [InlineData("if_not_exists(a, b) = c 🙂", "Syntax error; token: \"🙂\", near: \"c 🙂\"")]
    [InlineData("((a = b)) AND", "The expression has redundant parentheses;")]
    [InlineData("((attribute_not_exists(pk)))", "The expression has redundant parentheses;")]
    [InlineData("a = ((:n))", "The expression has redundant parentheses;")]
    [InlineData("abort = :q", "Attribute name is a reserved keyword; reserved keyword: abort")]
    [InlineData("a.Size = :q", "Attribute name is a reserved keyword; reserved keyword: Size")]
    [InlineData("a[99999999999] = :q", "List index is not within the allowable range; index: [99999999999]")]
    [InlineData("a[2147483648] = :q", "List index is not within the allowable range; index: [2147483648]")]
    [InlineData("foo(a)", "Invalid function name; function: foo")]
    [InlineData("Contains(a, b)", "Invalid function name; function: Contains")]
    [InlineData("if_not_exists(a, b) = c", "The function is not allowed in a condition expression; function: if_not_exists")]
    [InlineData("list_append(a, b)", "The function is not allowed in a condition expression; function: list_append")]
    [InlineData("size(a)", "The function is not allowed to be used this way in an expression; function: size")]
    [InlineData("a = b OR size(a)", "The function is not allowed to be used this way in an expression; function: size")]
    [InlineData("attribute_exists(a) = b", "The function is not allowed to be used this way in an expression; function: attribute_exists")]
    [InlineData("contains(a, contains(b, c))", "The function is not allowed to be used this way in an expression; function: contains")]
    [InlineData("attribute_exists(a, b)", "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2")]
    [InlineData("begins_with(a)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1")]
    [InlineData("size(a, b) = :n", "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2")]
    [InlineData("#q = :q", "An expression attribute name used in the document path is not defined; attribute name: #q")]
    [InlineData("a = :q", "An expression attribute value used in expression is not defined; attribute value: :q")]
    [InlineData("a = :q OR #q = b", "An expression attribute value used in expression is not defined; attribute value: :q")]
    [InlineData("attribute_exists(:n)", "Operator or function requires a document path; operator or function: attribute_exists")]
    [InlineData("attribute_exists(size(a))", "Operator or function requires a document path; operator or function: attribute_exists")]
    [InlineData("a = a", Distinct + "=, first operand: [a]")]
    [InlineData("#a.b[2] <> a.#b[2]", Distinct + "<>, first operand: [a, b, [2]]")]
    [InlineData("contains(a, #a)", Distinct + "contains, first operand: [a]")]
    [InlineData("a IN (b, a)", Distinct + "IN, first operand: [a]")]
    [InlineData("a BETWEEN b AND a", Distinct + "BETWEEN, first operand: [a]")]
    [InlineData("a < :t", Types + "<, operand type: BOOL")]
    [InlineData(":o >= a", Types + ">=, operand type: M")]
    [InlineData("a BETWEEN :t AND :t", Types + "BETWEEN, operand type: BOOL")]
    [InlineData("begins_with(a, :n)", Types + "begins_with, operand type: N")]
    [InlineData("begins_with(a, size(b))", Types + "begins_with, operand type: N")]
    [InlineData("size(:n) = :n", Types + "size, operand type: N")]
    [InlineData("size(size(a)) = :n", Types + "size, operand type: N")]
    [InlineData("attribute_type(a, b)", Types + "attribute_type, operand type: " + AnyType)]
    [InlineData("attribute_type(a, :n)", Types + "attribute_type, operand type: N")]
    [InlineData("attribute_type(a, :Q)", "Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")]
    [InlineData("a BETWEEN :m AND :n", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:7}, upper bound operand: AttributeValue: {N:5}")]
    [InlineData("a BETWEEN :s AND :b", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:s}, upper bound operand: AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]}")]
    public void A_bad_condition_gets_the_services_words(string text, string message)
    {
        Parsed<Condition> parsed = ExpressionParser.ParseCondition(text, ExpressionKind.Condition, Given.Usual());

        Assert.Null(parsed.Value);
        Assert.Equal("Invalid ConditionExpression: " + message, parsed.Error!.Message);
        Assert.Equal("com.amazon.coral.validate#ValidationException", parsed.Error.Type);
    }

    [Theory]
    [InlineData(ExpressionKind.Filter, "FilterExpression")]
    [InlineData(ExpressionKind.KeyCondition, "KeyConditionExpression")]
    public void The_kind_names_the_parameter(ExpressionKind kind, string name)
    {
        Parsed<Condition> parsed = ExpressionParser.ParseCondition("", kind, ExpressionContext.None());

        Assert.Equal($"Invalid {name}: The expression can not be empty;", parsed.Error!.Message);
    }

    [Theory]
    [InlineData("(attribute_not_exists(pk)) AND (attribute_not_exists(#a))")]
    [InlineData("(attribute_not_exists(pk) AND (attribute_not_exists(#a)))")]
    [InlineData("(a) = (:n)")]
    [InlineData("(size(a)) > :n")]
    [InlineData("((a) = :n)")]
    [InlineData("not(a = :n)and not b<>:n or\tNOT NOT c in (:n,:m)")]
    [InlineData("a.b[2].#c between :n AnD :m")]
    [InlineData("#x > :n")]
    [InlineData("size((a)) = :n")]
    [InlineData(":n = :n")]
    [InlineData("contains(:s, a)")]
    public void A_good_condition_is_read(string text)
    {
        Parsed<Condition> parsed = ExpressionParser.ParseCondition(text, ExpressionKind.Condition, Given.Usual());

        Assert.True(parsed.IsOk, parsed.Error?.Message);
    }

    [Fact]
    public void Limits_are_those_of_the_service()
    {
        string padding = new('x', 4096 - "a = ".Length);
        Assert.True(ParseOf("a = " + padding).IsOk);
        Assert.Equal(
            "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097",
            ParseOf("a = x" + padding).Error!.Message);

        Assert.True(ParseOf(string.Join(" OR ", Enumerable.Repeat("a=b", 150))).IsOk);
        Assert.Equal(
            "Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
            ParseOf(string.Join(" OR ", Enumerable.Repeat("a=b", 150)) + " OR a=b").Error!.Message);

        Assert.True(ParseOf($"a IN ({string.Join(",", Enumerable.Repeat(":n", 100))})").IsOk);
        Assert.Equal(
            "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101",
            ParseOf($"a IN ({string.Join(",", Enumerable.Repeat(":n", 101))})").Error!.Message);

        Assert.True(ParseOf($"a{string.Concat(Enumerable.Repeat(".b", 31))} = :n").IsOk);
        Assert.Equal(
            "Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33",
            ParseOf($"a{string.Concat(Enumerable.Repeat(".b", 32))} = :n").Error!.Message);

        Assert.False(ParseOf(new string('(', 4000)).IsOk);
        Assert.False(ParseOf(string.Concat(Enumerable.Repeat("NOT ", 1000))).IsOk);
        Assert.True(ParseOf(string.Concat(Enumerable.Repeat("NOT ", 290)) + "a=b").IsOk);
        Assert.True(ParseOf(string.Concat(Enumerable.Repeat("NOT (", 140)) + "a=b" + new string(')', 140)).IsOk);
    }

    [Theory]
    [InlineData("{}", null, "ExpressionAttributeNames must not be empty")]
    [InlineData(null, "{}", "ExpressionAttributeValues must not be empty")]
    [InlineData("""{"a":"a"}""", "{}", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"")]
    [InlineData("""{"#":"a"}""", null, "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\"")]
    [InlineData("""{"#a-":"a"}""", null, "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-\"")]
    [InlineData(null, """{"#a":{"S":"a"}}""", "ExpressionAttributeValues contains invalid key: Syntax error; key: \"#a\"")]
    [InlineData(null, """{":a":{"SS":[]},":b":{}}""", "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :a")]
    [InlineData(null, """{":b":{}}""", "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :b")]
    [InlineData(null, """{":b":{"N":"x"}}""", "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :b")]
    public void Bad_placeholders_get_the_services_words(string? names, string? values, string message)
    {
        Assert.Equal(message, Given.Context(names, values).Error!.Message);
    }

    [Fact]
    public void Unused_placeholders_are_named_in_the_order_given()
    {
        ExpressionContext context = Given.Context(
            """{"#b":"b","#a":"a","#c":"c"}""", """{":y":{"S":""},":x":{"S":""}}""").Value!;
        Assert.True(ExpressionParser.ParseCondition("#a = b", ExpressionKind.Condition, context).IsOk);

        Assert.Equal("Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}", context.Unused()!.Message);
        Assert.True(ExpressionParser.ParseProjection("#b, #c", context).IsOk);
        Assert.Equal("Value provided in ExpressionAttributeValues unused in expressions: keys: {:y, :x}", context.Unused()!.Message);
        Assert.True(ExpressionParser.ParseUpdate("SET a = :y, b = :x", context).IsOk);
        Assert.Null(context.Unused());
    }

    [Fact]
    public void Key_attributes_are_scalars()
    {
        Condition condition = ExpressionParser.ParseCondition("b = :n AND size(a.b) > :n", ExpressionKind.Condition, Given.Usual()).Value!;

        Assert.Null(ExpressionParser.CheckScalarKeys(condition, ["b"]));
        Assert.Equal(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: a",
            ExpressionParser.CheckScalarKeys(condition, ["b", "a"])!.Message);
    }

    [Fact]
    public void All_reserved_words_are_known()
    {
        Assert.Equal(573, ReservedWords.Count);
        Assert.True(ReservedWords.Contains("ABORT"));
        Assert.True(ReservedWords.Contains("zone"));
        Assert.True(ReservedWords.Contains("LocalTimestamp"));
        Assert.False(ReservedWords.Contains("aborts"));
        Assert.False(ReservedWords.Contains(""));
    }

    private static Parsed<Condition> ParseOf(string text) =>
        ExpressionParser.ParseCondition(text, ExpressionKind.Condition, Given.Usual());
}

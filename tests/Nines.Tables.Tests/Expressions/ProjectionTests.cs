using Nines.Tables.Model.Expressions;

namespace Nines.Tables.Tests.Expressions;

public sealed class ProjectionTests
{
    [Theory]
    [InlineData("a", """{"a":{"S":"x"}}""")]
    [InlineData("#a, q", """{"a":{"S":"x"}}""")]
    [InlineData("q, a.b, a[0]", null)]
    [InlineData("q.r", "{}")]
    [InlineData("l[2], l[0], l[9]", """{"l":{"L":[{"N":"1"},{"M":{"a":{"N":"3"},"b":{"N":"4"}}}]}}""")]
    [InlineData("l[2].b, l[1].b", """{"l":{"L":[{"M":{"b":{"N":"4"}}}]}}""")]
    [InlineData("m.x.y, m.z, a", """{"a":{"S":"x"},"m":{"M":{"x":{"M":{"y":{"S":"d"}}}}}}""")]
    [InlineData("m.x[0]", "{}")]
    [InlineData("l.x", "{}")]
    public void The_wanted_parts_remain(string text, string? expected)
    {
        var item = Given.Item("""
            {"a":{"S":"x"},"l":{"L":[{"N":"1"},{"N":"2"},{"M":{"a":{"N":"3"},"b":{"N":"4"}}}]},"m":{"M":{"x":{"M":{"y":{"S":"d"}}}}}}
            """);
        Parsed<ProjectionPlan> parsed = ExpressionParser.ParseProjection(text, Given.Usual());

        Assert.Equal(expected, parsed.IsOk ? Given.Json(parsed.Value.Apply(item)) : null);
    }

    [Theory]
    [InlineData("", "The expression can not be empty;")]
    [InlineData("!!bad", "Syntax error; token: \"!\", near: \"!!\"")]
    [InlineData("a,", "Syntax error; token: \"<EOF>\", near: \",\"")]
    [InlineData("a b", "Syntax error; token: \"b\", near: \"a b\"")]
    [InlineData(":n", "Syntax error; token: \":n\", near: \":n\"")]
    [InlineData("a, abort", "Attribute name is a reserved keyword; reserved keyword: abort")]
    [InlineData("a, #q", "An expression attribute name used in the document path is not defined; attribute name: #q")]
    [InlineData("a, b.c, a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]")]
    [InlineData("b.c.d, a, b.c", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [b, c, d], path two: [b, c]")]
    [InlineData("a.b, a[1]", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]")]
    [InlineData("a.#d, a[3]", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [3]], path two: [a, [3]]")]
    public void A_bad_projection_gets_the_services_words(string text, string message)
    {
        Assert.Equal("Invalid ProjectionExpression: " + message, ExpressionParser.ParseProjection(text, Given.Usual()).Error!.Message);
    }
}

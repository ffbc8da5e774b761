using System.Text.Json;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables.Tests.Protocol;

/// <summary>Which request a statement comes to, and the bounds of what a statement may be.</summary>
public sealed class StatementPlanTests
{
    private static readonly KeyAttribute Hash = new("h", AttributeType.String);
    private static readonly KeyAttribute Range = new("r", AttributeType.Number);

    private static readonly TableSchema Schema = new(1, "log", Hash, Range)
    {
        Shape = new TableShape(1, Hash, Range)
        {
            Indexes = [new IndexShape(1, "byV", true, new KeyAttribute("v", AttributeType.String), Hash), new IndexShape(2, "local", false, Hash, null)],
        },
    };

    [Theory]
    [InlineData("h = 'x' AND r = 1")]
    [InlineData("r = 1 AND ('x' = h)")]
    [InlineData("(h = 'x' AND (r = 1))")]
    public void The_whole_key_is_a_get(string where)
    {
        StatementPlan plan = Plan($"SELECT * FROM log WHERE {where}");
        Assert.Equal(ItemOperation.Get, plan.Item!.Operation);
        Assert.Equal(Item.Of(("h", AttributeValue.Of("x")), ("r", AttributeValue.Of(1))), plan.Item.Item);
    }

    [Theory]
    [InlineData("h = 'x'", 1, false)]
    [InlineData("h = 'x' AND r > 1", 2, false)]
    [InlineData("h = 'x' AND r BETWEEN 1 AND 2", 2, false)]
    [InlineData("h = 'x' AND r > 1 AND r = 2", 2, true)]
    [InlineData("h = 'x' AND r = 1 AND v = 'y'", 2, true)]
    [InlineData("h = 'x' AND r <> 1", 1, true)]
    [InlineData("h = 'x' AND NOT r = 1", 1, true)]
    [InlineData("h = 'x' AND (r = 1 OR r = 2)", 1, true)]
    [InlineData("h = 'x' AND r.a = 1", 1, true)]
    public void An_equality_on_the_partition_key_is_a_query(string where, int conditions, bool isFiltered)
    {
        QueryRequest query = Plan($"SELECT * FROM log WHERE {where}").Query!;
        Assert.Equal(conditions, query.Conditions.Count);
        Assert.Equal(isFiltered, query.Filter is not null);
        Assert.True(query.FiltersKeys);
    }

    [Fact]
    public void An_equality_on_the_sort_key_goes_before_another_condition_on_it()
    {
        QueryRequest query = Plan("SELECT * FROM log WHERE h = 'x' AND r > 1 AND r = 2").Query!;
        Assert.Equal(KeyComparator.Equal, query.Conditions[1].Comparator);
        Assert.Equal(Comparator.Greater, Assert.IsType<Comparison>(query.Filter).Comparator);
        Assert.Equal(ItemOperation.Delete, Plan("DELETE FROM log WHERE h = 'x' AND r > 1 AND r = 2").Item!.Operation);
    }

    [Theory]
    [InlineData("")]
    [InlineData("WHERE r = 1")]
    [InlineData("WHERE h > 'x'")]
    [InlineData("WHERE h IN ['x']")]
    [InlineData("WHERE h = 'x' OR r = 1")]
    [InlineData("WHERE NOT h = 'x'")]
    [InlineData("WHERE h = v")]
    public void Anything_else_is_a_scan(string where)
    {
        ScanRequest scan = Plan($"SELECT * FROM log {where}").Scan!;
        Assert.Equal(where.Length > 0, scan.Filter is not null);
    }

    [Fact]
    public void An_index_has_keys_of_its_own()
    {
        QueryRequest query = Plan("SELECT * FROM log.byV WHERE v = 'y' AND h = 'x' AND r = 1 ORDER BY h DESC").Query!;
        Assert.Equal("byV", query.IndexName);
        Assert.Equal(["v", "h"], query.Conditions.Select(static c => c.Attribute));
        Assert.True(query.IsReverse);
        Assert.NotNull(query.Filter);
        Assert.NotNull(Plan("SELECT * FROM log.byV WHERE h = 'x' AND r = 1").Scan);
        Assert.NotNull(Plan("SELECT * FROM log.local WHERE h = 'x' AND r = 1", strong: true).Query);
        Assert.Equal(
            "Strongly consistent read is not supported on Global Secondary Indexes",
            TryPlan("SELECT * FROM log.byV WHERE v = 'y'", strong: true).Error!.Message);
    }

    [Fact]
    public void Writes_are_conditional()
    {
        Assert.False(Assert.IsType<Existence>(Plan("INSERT INTO log VALUE {'h': 'x', 'r': 1}").Item!.Expressions.Condition).IsWanted);
        Assert.True(Assert.IsType<Existence>(Plan("UPDATE log SET a = 1 WHERE h = 'x' AND r = 1").Item!.Expressions.Condition).IsWanted);
        Assert.True(Assert.IsType<Junction>(Plan("UPDATE log SET a = 1 WHERE h = 'x' AND r = 1 AND b = 2").Item!.Expressions.Condition).IsAnd);
        Assert.Null(Plan("DELETE FROM log WHERE h = 'x' AND r = 1").Item!.Expressions.Condition);
        Assert.False(Assert.IsType<Junction>(Plan("DELETE FROM log WHERE h = 'x' AND r = 1 AND b = 2").Item!.Expressions.Condition).IsAnd);
    }

    [Theory]
    [InlineData("NOT ", 299, null)]
    [InlineData("NOT ", 300, "The expression contains too many operators; operator count: 301")]
    [InlineData("NOT ", 301, "Statement wasn't well formed, can't be processed: ")]
    [InlineData("(", 300, null)]
    [InlineData("(", 301, "Statement wasn't well formed, can't be processed: ")]
    public void Conditions_nest_as_deep_as_replicas_take_them(string nest, int times, string? message)
    {
        string where = string.Concat(Enumerable.Repeat(nest, times)) + "a = 1" + (nest == "(" ? new string(')', times) : "");
        Assert.Equal(message, TryPlan($"SELECT * FROM log WHERE {where}").Error?.Message);
    }

    [Fact]
    public void The_deepest_condition_is_read_back_by_replicas()
    {
        // Two comparisons, two ANDs, the NOTs and the function: 300 operators.
        string where = string.Concat(Enumerable.Repeat("NOT ", 295)) + "attribute_exists(a)";
        Condition condition = Plan($"UPDATE log SET a = 1 WHERE h = 'x' AND r = 1 AND {where}").Item!.Expressions.Condition!;
        var bytes = new Kernel.ByteBuffer();
        ExpressionCodec.Encode(condition, bytes);
        var reader = new Kernel.ByteReader(bytes.Written);
        Assert.NotNull(ExpressionCodec.DecodeCondition(ref reader));
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void Values_nest_as_deep_as_items_keep_them()
    {
        string Nested(int levels) => new string('[', levels) + new string(']', levels);
        Assert.True(TryPlan($"SELECT * FROM log WHERE a = {Nested(32)}").IsGood);
        Assert.StartsWith("Nesting Levels have exceeded", TryPlan($"SELECT * FROM log WHERE a = {Nested(33)}").Error!.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Nesting Levels have exceeded", TryPlan($"INSERT INTO log VALUE {{'h': 'x', 'r': 1, 'a': {Nested(33)}}}").Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sums_are_counted()
    {
        string Sum(int terms) => "n" + string.Concat(Enumerable.Repeat(" + 1", terms));
        Assert.True(TryPlan($"UPDATE log SET n = {Sum(300)} WHERE h = 'x' AND r = 1").IsGood);
        Assert.Equal(
            "The expression contains too many operators; operator count: 301",
            TryPlan($"UPDATE log SET n = {Sum(301)} WHERE h = 'x' AND r = 1").Error!.Message);
    }

    private static StatementPlan Plan(string statement, bool strong = false)
    {
        ParsedRequest<StatementPlan> plan = TryPlan(statement, strong);
        Assert.True(plan.IsGood, plan.Error?.Message);
        return plan.Request!;
    }

    private static ParsedRequest<StatementPlan> TryPlan(string statement, bool strong = false)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new { Statement = statement, ConsistentRead = strong });
        ParsedRequest<StatementRequest> parsed = RequestParser.Statement(body);
        return parsed.IsGood ? StatementPlan.Of(parsed.Request.Statement, Schema, parsed.Request.Options) : new(parsed.Error);
    }
}

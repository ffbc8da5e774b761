using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Model;

/// <summary>UpdateTable over hours, days and months, which are the log's and not a clock's.</summary>
public sealed class TableUpdateTests
{
    private const long SecondMs = 1000;
    private const long DayMs = 24 * 60 * 60 * SecondMs;

    // Thursday, October 8, 2026, midnight.
    private const long Midnight = 1_791_417_600_000;

    private readonly TablesMachine _machine = new();
    private readonly MemoryState _state = new();
    private long _nowMs = Midnight;

    [Fact]
    public void Four_decreases_a_day_are_free_and_then_one_an_hour()
    {
        Create(10);
        for (int units = 9; units >= 6; units--)
        {
            _nowMs += 10 * SecondMs;
            Assert.Null(Throughput(units).Error);
        }

        Assert.Equal(4, Row().Throughput.DecreasesThatDay);
        long last = _nowMs;
        _nowMs = last + (3599 * SecondMs);
        TableError refused = Throughput(5).Error!;
        Assert.EndsWith("#LimitExceededException", refused.Type, StringComparison.Ordinal);
        Assert.Equal(
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each "
            + "subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: 4. "
            + "Last decrease at Thursday, October 8, 2026 at 12:00:40 AM Coordinated Universal Time. "
            + "Next decrease can be made at Thursday, October 8, 2026 at 1:00:40 AM Coordinated Universal Time",
            refused.Message);
        Assert.Null(Throughput(7).Error);
        Assert.EndsWith("#LimitExceededException", Throughput(6).Error!.Type, StringComparison.Ordinal);
        _nowMs = last + (3600 * SecondMs);
        Assert.Null(Throughput(6).Error);
        Assert.Equal(new ThroughputHistory(last + (3599 * SecondMs), _nowMs, 5), Row().Throughput);
        Assert.NotNull(Throughput(5).Error);

        // The count begins anew with the UTC day, not a day after.
        _nowMs = Midnight + DayMs;
        Assert.Equal(0, Row().At(_nowMs).Throughput.DecreasesThatDay);
        Assert.Null(Throughput(5).Error);
        Assert.Equal(1, Row().Throughput.DecreasesThatDay);
    }

    [Fact]
    public void An_answer_to_new_capacity_shows_the_old_and_says_updating()
    {
        Create(10);
        TableDescription shown = Throughput(4).Row!;
        Assert.Equal((TableStatus.Updating, 10, 0), (shown.Status, shown.ReadCapacityUnits, shown.Throughput.DecreasesThatDay));
        Assert.Equal(_nowMs, shown.Throughput.LastDecreaseMs);
        Assert.Equal((TableStatus.Active, 4, 1), (Row().Status, Row().ReadCapacityUnits, Row().Throughput.DecreasesThatDay));
    }

    [Fact]
    public void One_dimension_up_and_the_other_down_is_an_increase_and_a_decrease()
    {
        Create(10);
        Assert.Null(Update(new TableUpdate("table") { Throughput = new(20, 5) }).Error);
        Assert.Equal(new ThroughputHistory(_nowMs, _nowMs, 1), Row().Throughput);
    }

    [Fact]
    public void A_billing_mode_goes_and_comes_and_its_time_stays()
    {
        Create(10);
        _nowMs += SecondMs;
        long switched = _nowMs;
        TableDescription shown = Update(new TableUpdate("table") { Billing = BillingMode.PayPerRequest }).Row!;
        Assert.Equal((TableStatus.Updating, BillingMode.PayPerRequest, 0), (shown.Status, shown.Billing, shown.ReadCapacityUnits));
        _nowMs += SecondMs;
        Assert.Null(Update(new TableUpdate("table") { Billing = BillingMode.PayPerRequest }).Error);
        Assert.Equal(switched, Row().PayPerRequestSinceMs);
        Assert.Contains("Neither", Throughput(3).Error!.Message, StringComparison.Ordinal);
        Assert.Null(Update(new TableUpdate("table") { Billing = BillingMode.Provisioned, Throughput = new(3, 3) }).Error);
        Assert.Equal((BillingMode.Provisioned, switched, 3), (Row().Billing, Row().PayPerRequestSinceMs, Row().WriteCapacityUnits));
        Assert.Equal(0, Row().Throughput.DecreasesThatDay);
    }

    [Fact]
    public void The_class_changes_twice_in_thirty_days()
    {
        Create(10);
        TableDescription shown = Class(TableClass.InfrequentAccess).Row!;
        Assert.Equal((TableStatus.Updating, TableClass.Unset, default(ClassHistory)), (shown.Status, shown.Class, shown.ClassChanges));
        _nowMs += DayMs;
        Assert.Null(Class(TableClass.Standard).Error);
        Assert.Equal(new ClassHistory(Midnight + DayMs, Midnight), Row().ClassChanges);
        Assert.Null(Class(TableClass.Standard).Error);
        _nowMs = Midnight + (30 * DayMs) - 1;
        TableError refused = Class(TableClass.InfrequentAccess).Error!;
        Assert.EndsWith("#LimitExceededException", refused.Type, StringComparison.Ordinal);
        Assert.Equal("Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s).", refused.Message);
        Assert.Null(Class(TableClass.Standard).Error);
        _nowMs++;
        Assert.Null(Class(TableClass.InfrequentAccess).Error);
        Assert.NotNull(Class(TableClass.Standard).Error);
    }

    [Fact]
    public void A_table_that_is_not_active_is_in_use()
    {
        Create(10, activate: false);
        Assert.Equal("Attempt to change a resource which is still in use: Table is being created: table", Throughput(4).Error!.Message);
        Assert.Equal("Attempt to change a resource which is still in use: Table is being created: table", Tag().Error!.Message);
        Apply(c => TableCommand.ActivateTable(c, "table", 1));
        Apply(c => TableCommand.DeleteTable(c, "table"));
        Assert.Equal("Attempt to change a resource which is still in use: Table is being deleted: table", Throughput(4).Error!.Message);
        Assert.Equal("Attempt to change a resource which is still in use: Table is being deleted: table", Tag().Error!.Message);
        Assert.Equal(TableStatus.Deleting, Row().Status);
    }

    [Theory]
    [InlineData(0, "Thursday, January 1, 1970 at 12:00:00 AM Coordinated Universal Time")]
    [InlineData(951_825_599_999, "Tuesday, February 29, 2000 at 11:59:59 AM Coordinated Universal Time")]
    [InlineData(951_868_800_000, "Wednesday, March 1, 2000 at 12:00:00 AM Coordinated Universal Time")]
    [InlineData(1_791_507_694_000, "Friday, October 9, 2026 at 1:01:34 AM Coordinated Universal Time")]
    [InlineData(4_107_542_399_000, "Sunday, February 28, 2100 at 11:59:59 PM Coordinated Universal Time")]
    [InlineData(4_107_542_400_000, "Monday, March 1, 2100 at 12:00:00 AM Coordinated Universal Time")]
    public void Times_are_written_as_the_service_writes_them(long timeMs, string text) => Assert.Equal(text, CivilTime.Text(timeMs));

    [Fact]
    public void Dates_are_those_of_the_runtime()
    {
        for (long timeMs = 0; timeMs < 400L * 366 * DayMs; timeMs += (DayMs * 13) + 4_321_000)
        {
            string expected = DateTimeOffset.FromUnixTimeMilliseconds(timeMs).ToString(
                "dddd, MMMM d, yyyy 'at' h:mm:ss tt 'Coordinated Universal Time'", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(expected, CivilTime.Text(timeMs));
        }
    }

    private void Create(long units, bool activate = true)
    {
        Apply(c => TableCommand.CreateTable(c, new TableDescription
        {
            Name = "table",
            Hash = new("id", AttributeType.String),
            ReadCapacityUnits = units,
            WriteCapacityUnits = units,
        }));
        if (activate)
        {
            Apply(c => TableCommand.ActivateTable(c, "table", 1));
        }
    }

    private (TableDescription? Row, TableError? Error) Throughput(long units) =>
        Update(new TableUpdate("table") { Throughput = new(units, units) });

    private (TableDescription? Row, TableError? Error) Class(TableClass tableClass) => Update(new TableUpdate("table") { Class = tableClass });

    private (TableDescription? Row, TableError? Error) Tag() => Apply(c => TableCommand.ChangeTags(c, "table", TableTags.Of([new("a", "b")]), []));

    private (TableDescription? Row, TableError? Error) Update(TableUpdate update) => Apply(c => TableCommand.UpdateTable(c, update));

    private TableDescription Row()
    {
        Assert.True(_state.TryGet(Nines.Tables.Model.Keyspace.CatalogueKey("table"), out ReadOnlyMemory<byte> row));
        return TableDescription.TryDecode(row.Span)!;
    }

    private (TableDescription? Row, TableError? Error) Apply(Action<ByteBuffer> write)
    {
        var command = new ByteBuffer();
        var answer = new ByteBuffer();
        write(command);
        _machine.Apply(new CommandContext(new LogIndex(1), _nowMs), command.WrittenMemory, _state, answer);
        return (TableAnswer.TryReadRow(answer.Written), TableAnswer.TryReadError(answer.ToArray()));
    }
}

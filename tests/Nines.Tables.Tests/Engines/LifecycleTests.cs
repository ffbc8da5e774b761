using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Tables over their life: registration in every group, dropping in steps, old caches, new groups.</summary>
public sealed class LifecycleTests : IAsyncLifetime
{
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync() => _door = await DoorHost.StartAsync();

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Fact]
    public async Task A_deleted_table_leaves_nothing_but_a_mark_in_each_group()
    {
        await _door.CreateTableAsync("table");
        for (int i = 0; i < 1500; i++)
        {
            await PutAsync("table", $"k{i}");
        }

        int before = _door.Replicated.Commands;
        Assert.Equal(200, (await _door.SendAsync("DeleteTable", """{"TableName":"table"}""")).Status);
        Assert.True(_door.Replicated.Commands - before > 1 + 4 + 1, "large tables go in several steps");
        foreach (GroupId group in _door.Replicated.Groups)
        {
            Assert.Equal(1, _door.Replicated.StateOf(group).Count);
        }

        Assert.Equal(0, _door.Replicated.StateOf(GroupId.Control).Count);
        Assert.Contains("ResourceNotFoundException", (await PutAsync("table", "k")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_of_the_same_name_starts_empty_though_a_cache_knows_the_old_one()
    {
        await _door.CreateTableAsync("table");
        await PutAsync("table", "old");
        var other = new EmbeddedTableEngine(_door.Replicated, TimeProvider.System);
        await other.DeleteTableAsync("table", new TableCall { Timeout = TimeSpan.FromSeconds(1) });
        Assert.Contains("ResourceNotFoundException", (await PutAsync("table", "k")).Body, StringComparison.Ordinal);
        await _door.CreateTableAsync("table", "id:S");
        await other.DeleteTableAsync("table", new TableCall { Timeout = TimeSpan.FromSeconds(1) });
        await CreateBesideAsync(other);
        Assert.Equal(200, (await PutAsync("table", "new")).Status);
        Assert.Equal("{}", (await GetAsync("table", "old")).Body);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task A_group_that_appears_later_learns_the_table_when_it_is_first_used()
    {
        await _door.CreateTableAsync("table");
        for (int i = 0; i < 8; i++)
        {
            _door.Replicated.AddGroup();
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await PutAsync("table", $"k{i}")).Status);
            Assert.Contains($"k{i}", (await GetAsync("table", $"k{i}")).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_table_that_could_not_be_registered_everywhere_stays_creating_until_somebody_carries_it_on()
    {
        int refusals = 0;
        _door.Replicated.Interfere = (group, isWrite) => isWrite && group.Value == 3 && refusals++ < 1000
            ? new Answer { Outcome = Outcome.NotDone, Reason = Reason.NoLeader, StalenessMs = -1 }
            : null;
        const string Create = """{"TableName":"table","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}""";
        Assert.Equal(200, (await _door.SendAsync("CreateTable", Create)).Status);
        Assert.Contains("CREATING", (await DescribeAsync()).Body, StringComparison.Ordinal);
        Assert.Contains("ResourceNotFoundException", (await PutAsync("table", "k")).Body, StringComparison.Ordinal);
        Assert.Contains(
            "Attempt to change a resource which is still in use: Table is being created: table",
            (await _door.SendAsync("DeleteTable", """{"TableName":"table"}""")).Body,
            StringComparison.Ordinal);
        Assert.True(refusals < 10, "a step is not tried for ever");
        _door.Replicated.Interfere = null;

        // Another node's engine finds the table waiting in two sweeps and carries it on.
        var time = new ManualTime();
        await using var other = new EmbeddedTableEngine(_door.Replicated, time);
        other.Start();
        DoorAnswer described = await DescribeAsync();
        for (int i = 0; i < 1000 && !described.Body.Contains("ACTIVE", StringComparison.Ordinal); i++)
        {
            // A sweep runs beside the ticks; each question gives it room.
            time.Tick(TimeSpan.FromSeconds(5));
            described = await DescribeAsync();
        }

        Assert.Contains("ACTIVE", described.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await PutAsync("table", "k")).Status);
    }

    [Fact]
    public void A_registration_that_comes_late_does_not_bring_a_table_back()
    {
        var machine = new TablesMachine();
        var state = new MemoryState();
        var schema = new TableSchema(7, "t", new("id", AttributeType.String), null);
        Assert.Equal(AnswerStatus.Done, Apply(c => TableCommand.RegisterTable(c, schema)));
        Assert.Equal(AnswerStatus.Done, Apply(c => TableCommand.DropTable(c, 7)));
        Assert.Equal(AnswerStatus.UnknownTable, Apply(c => TableCommand.RegisterTable(c, schema)));
        Assert.Equal(RegistrationState.Dropped, Registration.Of(7, state).State);

        AnswerStatus Apply(Action<ByteBuffer> write)
        {
            var command = new ByteBuffer();
            var answer = new ByteBuffer();
            write(command);
            machine.Apply(default, command.WrittenMemory, state, answer);
            return TableAnswer.StatusOf(answer.Written);
        }
    }

    private static async Task CreateBesideAsync(EmbeddedTableEngine engine)
    {
        TableResult result = await engine.CreateTableAsync(
            new() { Name = "table", Hash = new("id", AttributeType.String) },
            new TableCall { Timeout = TimeSpan.FromSeconds(1) });
        Assert.Null(result.Error);
    }

    private Task<DoorAnswer> DescribeAsync() => _door.SendAsync("DescribeTable", """{"TableName":"table"}""");

    private Task<DoorAnswer> PutAsync(string table, string key) =>
        _door.SendAsync("PutItem", "{\"TableName\":\"" + table + "\",\"Item\":{\"id\":{\"S\":\"" + key + "\"}}}");

    private Task<DoorAnswer> GetAsync(string table, string key) =>
        _door.SendAsync("GetItem", "{\"TableName\":\"" + table + "\",\"Key\":{\"id\":{\"S\":\"" + key + "\"}}}");
}

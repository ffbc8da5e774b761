using System.Globalization;
using System.Text.Json.Nodes;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Protocol;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Items that expire: when, by whose clock, which ones stay, and what becomes of the queue.</summary>
public sealed class ExpiryTests
{
    private const long Now = MemoryReplicated.FirstTimeMs / 1000;

    [Fact]
    public async Task An_item_is_read_until_its_deletion_and_the_stream_says_who_deleted_it()
    {
        await using StreamHost host = await StreamHost.StartAsync();
        await EnableAsync(host);
        await host.PutAsync("a", At(Now + 100));
        await host.PutAsync("later", At(Now + 1_000_000));
        await host.PutAsync("never");
        host.Sweep();
        Assert.True(await host.ExistsAsync("a"));

        host.Pass(TimeSpan.FromSeconds(101));
        Assert.False(await host.ExistsAsync("a"));
        Assert.True(await host.ExistsAsync("later"));
        Assert.True(await host.ExistsAsync("never"));
        JsonNode removed = Assert.Single(
            await host.RecordsAsync(await host.LatestArnAsync()), record => record["eventName"]!.ToString() == "REMOVE");
        Assert.Equal("""{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}""", removed["userIdentity"]!.ToJsonString());
        Assert.Equal("a", removed["dynamodb"]!["OldImage"]!["id"]!["S"]!.ToString());
        Assert.Equal(1, QueueLength(host));
    }

    [Fact]
    public async Task What_is_no_number_of_seconds_or_more_than_five_years_ago_is_kept()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        await host.PutAsync("text", ""","at":{"S":"1"}""");
        await host.PutAsync("negative", ""","at":{"N":"-5"}""");
        await host.PutAsync("zero", At(0));
        await host.PutAsync("old", At(Now - (5 * 365 * 24 * 3600) - 100));
        await host.PutAsync("past", At(Now - (5 * 365 * 24 * 3600) + 1000));
        await host.PutAsync("fraction", $$""","at":{"N":"{{Now}}.5"}""");
        host.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(["negative", "old", "text", "zero"], await IdsAsync(host));
        Assert.Equal(0, QueueLength(host));
    }

    [Fact]
    public async Task An_item_that_was_given_more_time_or_written_anew_is_kept()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        await host.PutAsync("longer", At(Now + 100));
        await host.PutAsync("longer", At(Now + 10_000));
        await host.PutAsync("never", At(Now + 100));
        await host.PutAsync("never");
        host.Pass(TimeSpan.FromSeconds(200));
        Assert.Equal(["longer", "never"], await IdsAsync(host));
        host.Pass(TimeSpan.FromSeconds(10_000));
        Assert.Equal(["never"], await IdsAsync(host));
    }

    [Fact]
    public async Task The_group_decides_by_its_own_clock_not_by_that_of_a_node()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        await host.PutAsync("a", At(Now + 100_000));
        int before = host.Door.Replicated.Commands;
        host.Time.Tick(TimeSpan.FromSeconds(100_001));
        host.Time.Tick(TimeSpan.FromSeconds(1));
        host.Time.Tick(TimeSpan.FromSeconds(1));
        Assert.True(host.Door.Replicated.Commands > before, "the node's clock says it is due");
        Assert.True(await host.ExistsAsync("a"));
        host.Door.Replicated.Pass(TimeSpan.FromSeconds(100_001));
        host.Sweep();
        Assert.False(await host.ExistsAsync("a"));
    }

    [Fact]
    public async Task Nothing_due_costs_no_command()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        await host.PutAsync("a", At(Now + 100_000));
        int before = host.Door.Replicated.Commands;
        host.Sweep();
        Assert.Equal(before, host.Door.Replicated.Commands);
    }

    [Fact]
    public async Task Items_that_were_there_before_expire_too_though_the_node_that_began_is_gone()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null, groups: 2);
        for (int i = 0; i < 400; i++)
        {
            await host.PutAsync($"k{i}", At(Now + 1000));
        }

        int allowed = host.Door.Replicated.Commands + 5;
        host.Door.Replicated.Interfere = (group, isWrite) =>
            isWrite && host.Door.Replicated.Commands > allowed ? new Answer { Outcome = Outcome.NotDone, Group = group } : null;
        await EnableAsync(host, isWhole: false);
        Assert.Equal("ENABLING", await StatusAsync(host));
        int begun = QueueLength(host);
        Assert.InRange(begun, 1, 399);

        host.Door.Replicated.Interfere = null;
        await using (var other = new EmbeddedTableEngine(host.Door.Replicated, host.Time))
        {
            other.Start();
            host.Sweep();
        }

        Assert.Equal("ENABLED", await StatusAsync(host));
        Assert.Equal(400, QueueLength(host));
        host.Pass(TimeSpan.FromSeconds(1000));
        Assert.Empty(await IdsAsync(host));
        Assert.Equal(0, QueueLength(host));
    }

    [Fact]
    public async Task Nothing_expires_once_it_is_switched_off_or_the_table_is_gone()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        await host.PutAsync("a", At(Now + 100));
        await host.SendAsync("UpdateTimeToLive", """{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":"at","Enabled":false}}""");
        Assert.Equal("DISABLED", await StatusAsync(host));
        host.Pass(TimeSpan.FromSeconds(101));
        Assert.True(await host.ExistsAsync("a"));
        Assert.Equal(0, QueueLength(host));

        await EnableAsync(host);
        await host.PutAsync("b", At(Now + 10_000));
        Assert.True(QueueLength(host) > 0);
        await host.SendAsync("DeleteTable", """{"TableName":"tab"}""");
        host.Pass(TimeSpan.FromSeconds(10_000));
        Assert.Equal(0, QueueLength(host));
    }

    [Fact]
    public async Task An_item_that_a_transaction_holds_waits_for_its_end()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null, groups: 1);
        await EnableAsync(host);
        await host.PutAsync("a", At(Now + 100));
        Prepare(host, "a");
        host.Door.Replicated.Pass(TimeSpan.FromSeconds(101));
        Assert.False(Expire(host));
        Assert.Equal(1, QueueLength(host));
        Assert.True(await host.ExistsAsync("a", isStrong: false));
    }

    [Fact]
    public async Task What_is_due_and_not_yet_deleted_is_counted()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        await EnableAsync(host);
        for (int i = 0; i < 20; i++)
        {
            await host.PutAsync($"k{i}", At(Now + 100));
        }

        host.Sweep();
        Assert.Equal(0, host.Door.Engine.Backlog.ExpiredItems);
        host.Door.Replicated.Interfere = (group, isWrite) => isWrite ? new Answer { Outcome = Outcome.NotDone, Group = group } : null;
        host.Pass(TimeSpan.FromSeconds(101));
        Assert.Equal(20, host.Door.Engine.Backlog.ExpiredItems);
        host.Door.Replicated.Interfere = null;
        host.Sweep();
        Assert.Equal(0, host.Door.Engine.Backlog.ExpiredItems);
    }

    private static string At(long second) =>
        $$""","at":{"N":"{{second.ToString(CultureInfo.InvariantCulture)}}"}""";

    private static async Task EnableAsync(StreamHost host, bool isWhole = true)
    {
        await host.SendAsync("UpdateTimeToLive", """{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":"at","Enabled":true}}""");
        if (isWhole)
        {
            Assert.Equal("ENABLED", await StatusAsync(host));
        }
    }

    private static async Task<string> StatusAsync(StreamHost host) =>
        (await host.SendAsync("DescribeTimeToLive", """{"TableName":"tab"}"""))["TimeToLiveDescription"]!["TimeToLiveStatus"]!.ToString();

    private static async Task<IEnumerable<string>> IdsAsync(StreamHost host) =>
        (await host.SendAsync("Scan", """{"TableName":"tab","ConsistentRead":true}"""))["Items"]!.AsArray()
            .Select(item => item!["id"]!["S"]!.ToString()).Order(StringComparer.Ordinal);

    private static int QueueLength(StreamHost host) => host.Door.Replicated.Groups.Sum(group =>
    {
        int count = 0;
        using IOrderedCursor cursor = host.Door.Replicated.StateOf(group).Range([Keyspace.Expiry], [Keyspace.Expiry + 1]);
        while (cursor.MoveNext())
        {
            count++;
        }

        return count;
    });

    /// <summary>Locks an item, as a transaction does that is not decided yet.</summary>
    private static void Prepare(StreamHost host, string id)
    {
        TransactWriteRequest request = RequestParser.TransactWrite(System.Text.Encoding.UTF8.GetBytes($$$"""
            {"TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"{{{id}}}"} } } }]}
            """)).Request!;
        var call = new TableCall { Timeout = TimeSpan.FromSeconds(1) };
        var schema = host.Door.Engine.DescribeTableAsync("tab", call).AsTask().Result.Table!.Schema;
        byte[] place = KeyRules.Place(schema, request.Operations[0].Item);
        var operation = new ByteBuffer();
        ItemCommands.WriteChange(
            operation, schema, new ItemKey(Keyspace.SlotOf(place), place.AsSpan(Keyspace.SlotPrefixLength)), request.Operations[0]);
        var command = new ByteBuffer();
        TransactionCommand.Prepare(command, new TransactionId(1, 2), TransactionFlags.None, [operation.ToArray()]);
        Assert.True(Send(host, command).IsDone);
        Assert.Equal(1u, Registration.Of(schema.Id, host.Door.Replicated.StateOf(host.Door.Replicated.Groups[0])).Locks);
    }

    /// <summary>Sends the command that deletes; whether more is due.</summary>
    private static bool Expire(StreamHost host)
    {
        var command = new ByteBuffer();
        ExpiryCommand.ExpireItems(command);
        return ExpiryCommand.TryReadExpired(Send(host, command).Body.Span)!.Value;
    }

    private static Answer Send(StreamHost host, ByteBuffer command) => host.Door.Replicated.WriteAsync(
        host.Door.Replicated.Groups[0], TablesMachine.MachineId, RequestId.None, command.WrittenMemory, TimeSpan.FromSeconds(1)).AsTask().Result;
}

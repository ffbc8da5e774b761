using Nines.Kernel;
using Nines.Simulation.Tables;
using Nines.Tables.Model;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tests;

/// <summary>The checks of streams and of time to live accept a whole story, and find each way in which one can be wrong.</summary>
public sealed class TableStreamCheckTests
{
    private const long Second = 1000;
    private const long StartMs = 1_000_000;

    private readonly Findings _findings = new();
    private readonly SortedDictionary<long, TableOperation> _writes = [];
    private readonly List<StreamEntry> _story;

    public TableStreamCheckTests()
    {
        Write(1, 0, 10);
        Write(2, 20, 30);
        Write(3, 40, 50);
        _story = [Entry(1, null, Thing(1)), Entry(2, Thing(1), Thing(2)), Entry(3, Thing(2), null), Entry(4, null, Thing(3))];
    }

    [Fact]
    public void A_whole_story_passes()
    {
        CheckAll(Thing(3));
        Assert.Empty(_findings.All);
    }

    [Fact]
    public void A_lost_record_is_found()
    {
        _story.RemoveAt(1);
        CheckAll(Thing(3));
        AssertFound('H', "the item was");
        AssertFound('D', "without a record");
    }

    [Fact]
    public void A_lost_last_record_is_found_in_the_table()
    {
        _story.RemoveAt(3);
        CheckAll(Thing(3));
        AssertFound('H', "by its stream");
    }

    [Fact]
    public void A_record_too_many_is_found()
    {
        _story.Insert(2, Entry(2, Thing(1), Thing(2), number: 1));
        CheckAll(Thing(3));
        AssertFound('H', "the item was");
        AssertFound('E', "done twice");
    }

    [Fact]
    public void A_record_of_nothing_is_found()
    {
        _story.Add(Entry(5, Thing(3), Thing(3)));
        CheckAll(Thing(3));
        AssertFound('H', "a record of nothing");
    }

    [Fact]
    public void An_event_that_is_not_what_the_images_say_is_found()
    {
        _story[3] = Entry(4, null, Thing(3), StreamEvent.Modify);
        CheckAll(Thing(3));
        AssertFound('H', "the event is not");
    }

    [Fact]
    public void Sequence_numbers_that_do_not_rise_and_times_that_go_back_are_found()
    {
        _story[3] = Entry(3, null, Thing(3));
        CheckAll(Thing(3));
        AssertFound('F', "goes back from");
        _story[3] = Entry(4, null, Thing(3), timeMs: 1);
        CheckAll(Thing(3));
        AssertFound('F', "time goes back");
    }

    [Fact]
    public void An_item_in_two_shards_is_found()
    {
        var other = new ShardLog("other");
        other.Entries.Add(_story[3]);
        StreamCheck.Check([Shard(_story[..3]), other], Table(Thing(3)), _findings);
        AssertFound('H', "has records in");
    }

    [Fact]
    public void A_record_of_what_was_refused_or_nobody_asked_for_is_found()
    {
        _writes[2].End = OperationEnd.NotDone;
        _writes.Remove(3);
        CheckAll(Thing(3));
        AssertFound('E', "reported as not done");
        AssertFound('E', "nobody asked for");
    }

    [Fact]
    public void An_acknowledged_deletion_without_a_record_is_found()
    {
        Write(4, 60, 70, keys: []);
        _writes[4].Removed = (StreamEntry.KeyOf(TableRequests.Things, Thing(2)), 2);
        CheckAll(Thing(3));
        Assert.Empty(_findings.All);
        _writes[4].Removed = (StreamEntry.KeyOf(TableRequests.Things, Thing(2)), 1);
        CheckAll(Thing(3));
        AssertFound('D', "without a record");
    }

    [Fact]
    public void An_order_that_cannot_have_been_is_found()
    {
        Write(2, 60, 70);
        CheckAll(Thing(3));
        AssertFound('F', "behind what began");
    }

    [Fact]
    public void A_consumer_that_was_given_the_beginning_passes()
    {
        ShardLog seen = Shard(_story[..2]);
        seen.Ends.Add((35, 2));
        ConsumerCheck.Check([seen], [Shard(_story)], _writes, _findings);
        Assert.Empty(_findings.All);
    }

    [Fact]
    public void A_consumer_that_was_not_given_a_record_is_told_of()
    {
        ConsumerCheck.Check([Shard([_story[0], _story[2]])], [Shard(_story)], _writes, _findings);
        AssertFound('F', "gave");
    }

    [Fact]
    public void A_consumer_that_was_given_more_than_there_is_is_told_of()
    {
        ConsumerCheck.Check([Shard(_story)], [Shard(_story[..3])], _writes, _findings);
        AssertFound('F', "no more there");
    }

    [Fact]
    public void A_consumer_that_was_told_too_early_that_there_is_no_more_is_told_of()
    {
        ShardLog seen = Shard(_story[..1]);
        seen.Ends.Add((35, 1));
        ConsumerCheck.Check([seen], [Shard(_story)], _writes, _findings);
        AssertFound('F', "there is no more");
        Assert.Single(_findings.All);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    [InlineData(null, false)]
    public void What_is_deleted_before_its_second_is_over_is_found(int? second, bool isRight)
    {
        long timeMs = 1001 * Second;
        ExpiryCheck.CheckGone([Shard([Entry(9, Thing(1, second), null, timeMs: timeMs, isByService: true)])], _findings);
        Assert.Equal(!isRight, _findings.Any);
    }

    [Fact]
    public void What_is_due_and_still_there_is_found()
    {
        ExpiryCheck.CheckLeft([Thing(1), Thing(2, 1000), Thing(3, 2000)], 1000 * Second, _findings);
        Assert.Empty(_findings.All);
        ExpiryCheck.CheckLeft([Thing(1), Thing(2, 1000), Thing(3, 2000)], 1001 * Second, _findings);
        AssertFound('N', "was due");
    }

    private void CheckAll(Item end)
    {
        ShardLog shard = Shard(_story);
        StreamCheck.Check([shard], Table(end), _findings);
        StreamHistoryCheck.Check(_writes, [shard], _findings);
    }

    private void AssertFound(char invariant, string text) =>
        Assert.Contains(_findings.All, found => found.Invariant == invariant && found.Text.Contains(text, StringComparison.Ordinal));

    private void Write(long number, long invokedUs, long endedUs, string[]? keys = null) => _writes[number] =
        new TableOperation(number, "puts", invokedUs)
        {
            End = OperationEnd.Done,
            EndedUs = endedUs,
            Keys = keys ?? [StreamEntry.KeyOf(TableRequests.Things, Thing(number))],
        };

    private static ShardLog Shard(IEnumerable<StreamEntry> entries)
    {
        var shard = new ShardLog("shard");
        shard.Entries.AddRange(entries);
        return shard;
    }

    private static Dictionary<string, Item> Table(Item item) => new() { [StreamEntry.KeyOf(TableRequests.Things, item)] = item };

    private static StreamEntry Entry(
        long index, Item? old, Item? updated, StreamEvent? happened = null, int number = 0, long timeMs = StartMs, bool isByService = false)
    {
        StreamEvent fits = old is null ? StreamEvent.Insert : updated is null ? StreamEvent.Remove : StreamEvent.Modify;
        var record = new StreamRecord(happened ?? fits, timeMs, Encoded(KeyOf(updated ?? old!)))
        {
            IsByService = isByService,
            OldImage = Encoded(old),
            NewImage = Encoded(updated),
        };
        var bytes = new ByteBuffer(64);
        record.Encode(bytes);
        StreamEntry? entry = StreamEntry.TryRead(TableRequests.Things, new PlacedRecord(new StreamPlace(index, number), bytes.ToArray()));
        Assert.NotNull(entry);
        return entry;
    }

    private static ReadOnlyMemory<byte> Encoded(Item? item)
    {
        var bytes = new ByteBuffer(64);
        if (item is not null)
        {
            ItemCodec.Encode(item, bytes);
        }

        return bytes.ToArray();
    }

    private static Item KeyOf(Item thing)
    {
        var key = new ItemBuilder();
        key.Add("p", thing["p"]!);
        key.Add("id", thing["id"]!);
        return key.Build();
    }

    private static Item Thing(long version, long? second = null)
    {
        var thing = new ItemBuilder();
        thing.Add("p", AttributeValue.Of("p0"));
        thing.Add("id", AttributeValue.Of("i0"));
        thing.Add("v", AttributeValue.Of(version));
        if (second is { } expires)
        {
            thing.Add(ThingRequests.ExpiryAttribute, AttributeValue.Of(expires));
        }

        return thing.Build();
    }
}

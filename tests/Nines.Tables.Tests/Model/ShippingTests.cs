using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Engines;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Model;

/// <summary>
/// The rules by which changes get from group to group, without an engine: any number of senders that read, send and forget at any
/// time, batches that come twice, late and in any order. In the end the entries are those of the items.
/// </summary>
public sealed class ShippingTests
{
    private const ulong Table = 7;

    private static readonly TableShape Shape = new(7, IndexRig.Key("h"), IndexRig.Key("r"))
    {
        Indexes = [IndexRig.ByGroup with { Id = IndexShape.IdOf(new LogIndex(7), 0) }, IndexRig.ByTag with { Id = IndexShape.IdOf(new LogIndex(7), 1) }],
    };

    [Fact]
    public void Senders_may_do_anything_twice_late_or_beside_others()
    {
        int delivered = 0;
        int late = 0;
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var prng = new Prng(seed);
            var world = new World();
            for (int i = 0; i < 300; i++)
            {
                switch (prng.Below(6))
                {
                    case 0 or 1 or 2:
                        world.Write(prng);
                        break;
                    case 3:
                        world.Read(prng);
                        break;
                    case 4 or 5:
                        late += world.Deliver(prng) ? 1 : 0;
                        delivered++;
                        break;
                }
            }

            world.Drain();
            world.AssertEntriesAreThoseOfItems(seed);
        }

        Assert.True(late > 500 && late < delivered / 2, $"{late} of {delivered} batches came late");
    }

    [Fact]
    public void A_group_that_was_not_told_of_a_table_takes_nothing_in()
    {
        var world = new World(isTold: false);
        var prng = new Prng(3);
        for (int i = 0; i < 20; i++)
        {
            world.Write(prng);
        }

        world.Read(prng);
        (GroupId target, byte[] batch) = world.Batches[^1];
        ByteBuffer answer = world.Apply(target, batch);
        Assert.Equal(Table, TableAnswer.TryReadUnknown(answer.Written));
        Assert.Equal(0, world.StateOf(target).Count);
    }

    [Fact]
    public void What_is_for_an_index_that_is_gone_is_let_go()
    {
        var world = new World();
        var prng = new Prng(4);
        for (int i = 0; i < 20; i++)
        {
            world.Write(prng);
        }

        world.Read(prng);
        world.Register(Shape with { Revision = 9, Indexes = [Shape.Indexes[1]] });
        foreach ((GroupId target, byte[] batch) in world.Batches)
        {
            Assert.Equal(AnswerStatus.Done, TableAnswer.StatusOf(world.Apply(target, batch).Written));
        }

        world.Drain();
        Assert.Empty(world.Entries(Shape.Indexes[0].Id));
        Assert.NotEmpty(world.Entries(Shape.Indexes[1].Id));
    }

    /// <summary>Three groups, and what senders have read and not yet delivered.</summary>
    private sealed class World
    {
        private readonly TablesMachine _machine = new();
        private readonly MemoryState[] _states = [new(), new(), new()];
        private readonly long[] _applied = [100, 100, 100];
        private readonly Dictionary<string, Item> _items = [];
        private readonly List<Reading> _readings = [];

        public World(bool isTold = true)
        {
            _isTold = isTold;
            Register(Shape, onlySource: !isTold);
        }

        private readonly bool _isTold;

        /// <summary>All batches that were ever made, with where they go.</summary>
        public List<(GroupId Target, byte[] Command)> Batches { get; } = [];

        public MemoryState StateOf(GroupId group) => _states[group.Value - 1];

        /// <summary>One reading of an outbox, whose parts are taken in one by one, and which is forgotten when all are.</summary>
        private sealed record Reading(int Source, OutboxNumber Last, HashSet<int> Left);

        private readonly List<(Reading Reading, int Batch)> _pool = [];

        public void Register(TableShape shape, bool onlySource = false)
        {
            var command = new ByteBuffer();
            TableCommand.RegisterTable(command, Table, shape);
            for (int i = 0; i < (onlySource ? 1 : 3); i++)
            {
                Apply(new GroupId(i + 1), command.ToArray());
            }
        }

        public void Write(Prng prng)
        {
            int number = prng.Below(12);
            Item item = Item.Of(
                ("g", AttributeValue.Of("g" + prng.Below(3))), ("h", AttributeValue.Of("p")), ("n", AttributeValue.Of(prng.Below(4))),
                ("r", AttributeValue.Of($"{number}")), ("t", AttributeValue.Of("t" + prng.Below(3))));
            item = prng.Chance(0.3) ? item.Without("g") : prng.Chance(0.3) ? item.Without("t") : item;
            bool isDelete = prng.Chance(0.2);
            int source = _isTold ? number % 3 : 0;
            byte[] key = new byte[10];
            BitConverter.TryWriteBytes(key.AsSpan(2), number);
            var command = new ByteBuffer();
            TableCommand.BeginItem(
                command, isDelete ? TableCommandKind.DeleteItem : TableCommandKind.PutItem, Table, new ItemKey(source * 300, key), ItemFlags.None, ReturnValues.None);
            if (isDelete)
            {
                _items.Remove($"{number}");
            }
            else
            {
                ItemCodec.Encode(item, command);
                _items[$"{number}"] = item;
            }

            Assert.Equal(AnswerStatus.Done, TableAnswer.StatusOf(Apply(new GroupId(source + 1), command.ToArray()).Written));
        }

        /// <summary>A sender reads a part of an outbox, and has batches to send of it.</summary>
        public void Read(Prng prng)
        {
            int source = _isTold ? prng.Below(3) : 0;
            OutboxPage page = PageOf(source, prng.Chance(0.5) ? 1 + prng.Below(600) : 1 << 20);
            if (page.Entries.Count == 0)
            {
                return;
            }

            var reading = new Reading(source, page.Entries[^1].Number, []);
            foreach ((GroupId target, byte[] batch) in Parts(source, page))
            {
                reading.Left.Add(Batches.Count);
                _pool.Add((reading, Batches.Count));
                Batches.Add((target, batch));
            }

            _readings.Add(reading);
        }

        /// <summary>Some batch arrives, maybe not for the first time; true: later ones of its source had come before.</summary>
        public bool Deliver(Prng prng)
        {
            if (_pool.Count == 0)
            {
                return false;
            }

            (Reading reading, int at) = _pool[prng.Chance(0.6) ? _pool.Count - 1 - prng.Below(Math.Min(_pool.Count, 4)) : prng.Below(_pool.Count)];
            bool isLate = _readings.Exists(r => r.Source == reading.Source && r.Last > reading.Last && r.Left.Count == 0);
            (GroupId target, byte[] batch) = Batches[at];
            Assert.Equal(AnswerStatus.Done, TableAnswer.StatusOf(Apply(target, batch).Written));
            reading.Left.Remove(at);
            if (reading.Left.Count == 0 && prng.Chance(0.8))
            {
                Trim(reading.Source, reading.Last);
            }

            return isLate;
        }

        /// <summary>One well behaved sender sends what is left.</summary>
        public void Drain()
        {
            for (int source = 0; source < 3; source++)
            {
                while (PageOf(source, 1000) is { Entries.Count: > 0 } page)
                {
                    foreach ((GroupId target, byte[] batch) in Parts(source, page))
                    {
                        Assert.Equal(AnswerStatus.Done, TableAnswer.StatusOf(Apply(target, batch).Written));
                    }

                    Trim(source, page.Entries[^1].Number);
                }

                Assert.Equal((0, 0), Outbox.SizeOf(_states[source]));
            }
        }

        public void AssertEntriesAreThoseOfItems(ulong seed)
        {
            foreach (IndexShape index in Shape.Indexes)
            {
                string[] wanted = [.. _items.Values
                    .Where(i => i[index.Hash.Name] is not null)
                    .Select(i => IndexRig.Print(index.Name == "byTag" ? i.Without("g").Without("n") : i)).Order(StringComparer.Ordinal)];
                Assert.True(wanted.SequenceEqual(Entries(index.Id).Order(StringComparer.Ordinal)), $"seed {seed}, {index.Name}");
            }
        }

        public List<string> Entries(ulong index)
        {
            var found = new List<string>();
            foreach (MemoryState state in _states)
            {
                using IOrderedCursor cursor = state.Range(Keyspace.OfIndexEntry(Table, index, []), Keyspace.OfIndexEntry(Table, index + 1, []));
                while (cursor.MoveNext())
                {
                    found.Add(IndexRig.Print(IndexRig.Decoded(cursor.Value)));
                }
            }

            return found;
        }

        public ByteBuffer Apply(GroupId group, byte[] command)
        {
            int at = group.Value - 1;
            var answer = new ByteBuffer();
            _machine.Apply(new CommandContext(new LogIndex(++_applied[at]), 1000), command, _states[at], answer);
            return answer;
        }

        private void Trim(int source, OutboxNumber upTo)
        {
            var command = new ByteBuffer();
            TableCommand.TrimOutbox(command, upTo);
            Assert.Equal(AnswerStatus.Done, TableAnswer.StatusOf(Apply(new GroupId(source + 1), command.ToArray()).Written));
        }

        private OutboxPage PageOf(int source, int bytes)
        {
            var query = new ByteBuffer();
            var answer = new ByteBuffer();
            TableCommand.ReadOutbox(query, OutboxNumber.None, bytes);
            _machine.Query(query.ToArray(), _states[source], answer);
            return OutboxPage.TryDecode(answer.ToArray())!;
        }

        private static IEnumerable<(GroupId Target, byte[] Command)> Parts(int source, OutboxPage page)
        {
            for (int target = 0; target < 3; target++)
            {
                var part = page.Entries
                    .Select(e => (e.Number, Entry: e.Entry with { Edits = [.. e.Entry.Edits.Where(d => Keyspace.SlotOf(d.Place) % 3 == target)] }))
                    .Where(static e => e.Entry.Edits.Count > 0).ToList();
                if (part.Count > 0)
                {
                    var command = new ByteBuffer();
                    new IndexBatch(new GroupId(source + 1), part).Encode(command);
                    yield return (new GroupId(target + 1), command.ToArray());
                }
            }
        }
    }
}

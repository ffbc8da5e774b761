using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Values;

namespace Nines.Tables.Tests.Model;

public sealed class KeyRangeTests
{
    [Theory]
    [InlineData(AttributeType.String)]
    [InlineData(AttributeType.Number)]
    [InlineData(AttributeType.Binary)]
    public void A_range_holds_exactly_the_keys_that_meet_the_condition(AttributeType type)
    {
        var prng = new Prng(31 + (ulong)type);
        var schema = new TableSchema(7, "t", new KeyAttribute("h", AttributeType.Number), new KeyAttribute("r", type));
        for (int i = 0; i < 60_000; i++)
        {
            Item asked = Key(prng, type);
            (int slot, byte[] partition) = KeyRules.SlotAndPartition(schema, asked);
            KeyCondition? condition = Condition(prng, type);
            var range = KeyRange.Of(partition, condition);
            Item item = prng.Chance(0.8) ? Item.Of(("h", asked["h"]!), ("r", Sort(prng, type))) : Key(prng, type);
            byte[] place = KeyRules.Place(schema, item);
            bool isWanted = item["h"]!.Equals(asked["h"]) && condition?.IsMetBy(item["r"]!) != false;
            Assert.True(isWanted == Holds(range, place), $"i={i} slot {slot} {condition?.Comparator} {Convert.ToHexString(place)}");

            Item start = Item.Of(("h", asked["h"]!), ("r", Sort(prng, type)));
            byte[] startPlace = KeyRules.Place(schema, start);
            int order = place.AsSpan().SequenceCompareTo(startPlace);
            Assert.Equal(isWanted && order > 0, Holds(range.After(startPlace, isReverse: false), place));
            Assert.Equal(isWanted && order < 0, Holds(range.After(startPlace, isReverse: true), place));
        }
    }

    [Theory]
    [InlineData(AttributeType.String)]
    [InlineData(AttributeType.Number)]
    [InlineData(AttributeType.Binary)]
    public void A_range_of_an_index_holds_exactly_the_entries_that_meet_the_condition(AttributeType type)
    {
        var prng = new Prng(61 + (ulong)type);
        var schema = new TableSchema(7, "t", new KeyAttribute("k", AttributeType.String), null);
        var index = new IndexShape(9, "i", IsGlobal: true, new KeyAttribute("h", AttributeType.Number), new KeyAttribute("r", type));
        var source = new PageSource(schema, index);
        int held = 0;
        for (int i = 0; i < 60_000; i++)
        {
            AttributeValue asked = new NumberValue(Draw.Number(prng));
            (_, byte[] partition) = source.Partition(asked);
            KeyCondition? condition = Condition(prng, type);
            var range = KeyRange.OfIndex(partition, condition);
            Item item = Entry(prng, prng.Chance(0.8) ? asked : new NumberValue(Draw.Number(prng)), type);
            byte[] place = source.PlaceOf(item);
            bool isWanted = item["h"]!.Equals(asked) && condition?.IsMetBy(item["r"]!) != false;
            Assert.True(isWanted == Holds(range, place), $"i={i} {condition?.Comparator} {Convert.ToHexString(place)}");
            held += isWanted ? 1 : 0;

            byte[] startPlace = source.PlaceOf(Entry(prng, asked, type));
            int order = place.AsSpan().SequenceCompareTo(startPlace);
            Assert.Equal(isWanted && order > 0, Holds(range.After(startPlace, isReverse: false), place));
            Assert.Equal(isWanted && order < 0, Holds(range.After(startPlace, isReverse: true), place));
        }

        Assert.True(held > 5_000, $"only {held} entries were in their range");
    }

    [Fact]
    public void Slots_part_the_keys_of_a_table()
    {
        var prng = new Prng(35);
        var schema = new TableSchema(7, "t", new KeyAttribute("h", AttributeType.String), null);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] place = KeyRules.Place(schema, Item.Of(("h", AttributeValue.Of($"key{prng.Below(100_000)}"))));
            int slot = Keyspace.SlotOf(place);
            Assert.InRange(slot, 0, Slots.Count - 1);
            int border = prng.Below(Slots.Count + 1);
            Assert.Equal(slot < border, Holds(KeyRange.OfSlots(0, border), place));
            Assert.Equal(slot >= border, Holds(KeyRange.OfSlots(border, Slots.Count), place));
        }
    }

    private static bool Holds(KeyRange range, byte[] key) =>
        key.AsSpan().SequenceCompareTo(range.From) >= 0 && key.AsSpan().SequenceCompareTo(range.To) < 0;

    /// <summary>Sort keys near each other and near the borders of what they are encoded to.</summary>
    private static Item Entry(Prng prng, AttributeValue hash, AttributeType type)
    {
        AttributeValue sort = Sort(prng, type);
        bool isEmpty = type != AttributeType.Number && KeyEncoding.SizeOf(sort) == 0;
        return Item.Of(
            ("h", hash), ("k", AttributeValue.Of("k" + prng.Below(3))),
            ("r", !isEmpty ? sort : type == AttributeType.Binary ? new BinaryValue(new byte[] { 0 }) : AttributeValue.Of("a")));
    }

    private static Item Key(Prng prng, AttributeType type) =>
        Item.Of(("h", new NumberValue(Draw.Number(prng))), ("r", Sort(prng, type)));

    private static AttributeValue Sort(Prng prng, AttributeType type) => type switch
    {
        AttributeType.Number => new NumberValue(Draw.Number(prng)),
        AttributeType.Binary => new BinaryValue(prng.Chance(0.3) ? new byte[] { 0xFF, 0xFF }.AsMemory(0, prng.Below(3)) : Draw.Bytes(prng)),
        _ => new StringValue(Draw.Text(prng)),
    };

    private static KeyCondition? Condition(Prng prng, AttributeType type)
    {
        var comparator = (KeyComparator)prng.Below(8);
        AttributeValue a = Sort(prng, type);
        AttributeValue b = Sort(prng, type);
        if (comparator == KeyComparator.NotIndexable || (comparator == KeyComparator.BeginsWith && type == AttributeType.Number))
        {
            return null;
        }

        return comparator != KeyComparator.Between ? new KeyCondition("r", comparator, [a])
            : ValueOrder.Compare(a, b) <= 0 ? new KeyCondition("r", comparator, [a, b])
            : new KeyCondition("r", comparator, [b, a]);
    }
}

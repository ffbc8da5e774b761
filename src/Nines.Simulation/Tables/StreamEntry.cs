using Nines.Tables.Model;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>A record of a stream, taken apart.</summary>
internal sealed record StreamEntry(PlacedRecord Placed, StreamRecord Record, string Key, Item? Old, Item? New)
{
    public StreamPlace Place => Placed.Place;

    /// <summary>The number of the operation that made the item what it is after the change; null when items of this kind do not say.</summary>
    public long? Writer { get; } = WriterOf(Key, New);

    /// <summary>Null: the bytes are no record.</summary>
    public static StreamEntry? TryRead(string table, PlacedRecord placed)
    {
        if (StreamRecord.TryDecode(placed.Record) is not { } record || TableRequests.Decode(record.Keys) is not { } keys)
        {
            return null;
        }

        return new StreamEntry(placed, record, KeyOf(table, keys), TableRequests.Decode(record.OldImage), TableRequests.Decode(record.NewImage));
    }

    /// <summary>How items of all tables are told apart: "table/key".</summary>
    public static string KeyOf(string table, Item item) => table == TableRequests.Things ? ThingRequests.Key(item) : $"{table}/{item["id"]}";

    /// <summary>Whether another reading gave the same record.</summary>
    public bool IsSameAs(PlacedRecord other) => Place == other.Place && Placed.Record.Span.SequenceEqual(other.Record.Span);

    public override string ToString() =>
        $"{Place.Text} {Record.Event} {Key} ({(Old is null ? "" : TableRequests.Text(Old))}) to ({(New is null ? "" : TableRequests.Text(New))})";

    private static long? WriterOf(string key, Item? item)
    {
        string[] parts = key.Split('/');
        return parts switch
        {
            _ when item is null => null,
            [TableRequests.Lists, _] => TableRequests.Values(item) is [.., var last] ? last : null,
            [TableRequests.Accounts, ['j', .. var number]] => long.Parse(number, System.Globalization.CultureInfo.InvariantCulture),
            _ => item["v"] is null ? null : TableRequests.Number(item, "v"),
        };
    }
}

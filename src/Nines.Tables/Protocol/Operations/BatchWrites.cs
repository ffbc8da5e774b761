using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>BatchWriteItem: up to 25 puts and deletes of one or several tables.</summary>
internal sealed class BatchWrites
{
    private const int WritesMax = 25;

    // More than the limit, so that the error says so; beyond that they only cost memory.
    private const int WritesKept = 10 * WritesMax;

    private List<TablePart> _tables = [];
    private bool _hasTables;
    private string _quoted = "{}";
    private string? _returnCapacity;
    private string? _returnMetrics;

    private sealed class TablePart(SentTable table)
    {
        public readonly string Name = table.Name!;
        public readonly string AsSent = table.AsSent!;
        public readonly List<Write> Writes = [];
    }

    private sealed class Write
    {
        public bool HasPut;
        public bool HasDelete;
        public Item? Item;
        public Item? Key;
        public string? Invalid;
    }

    public static ParsedRequest<BatchWriteRequest> Parse(ref JsonInput json)
    {
        var request = new BatchWrites();
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = request.CheckConstraints() ?? request.Check();
        return message is not null ? new(TableError.Validation(message)) : new(request.Build());
    }

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("RequestItems"u8))
            {
                ReadTables(ref json);
            }
            else if (json.Is("ReturnConsumedCapacity"u8))
            {
                _returnCapacity = json.String();
            }
            else if (json.Is("ReturnItemCollectionMetrics"u8))
            {
                _returnMetrics = json.String();
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadTables(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>"))
        {
            return;
        }

        int start = json.TokenStart;
        _hasTables = true;
        while (json.NextMember())
        {
            var part = new TablePart(json.TableKey());
            if (!json.Value() || !json.IsParameterizedList())
            {
                continue;
            }

            _tables.Add(part);
            while (json.NextElement())
            {
                if (json.IsElement("WriteRequest") && ReadWrite(ref json) is { } write && part.Writes.Count < WritesKept)
                {
                    part.Writes.Add(write);
                }
            }
        }

        _tables = RepeatedMembers.KeepLast(_tables, static t => t.AsSent);
        _quoted = json.Quote(start);
    }

    private static Write ReadWrite(ref JsonInput json)
    {
        var write = new Write();
        while (json.NextMember())
        {
            if (json.Is("PutRequest"u8))
            {
                if (json.Value() && json.IsField("PutRequest"))
                {
                    write.HasPut = true;
                    write.Item = ReadMap(ref json, "Item"u8, ref write.Invalid);
                }
            }
            else if (json.Is("DeleteRequest"u8))
            {
                if (json.Value() && json.IsField("DeleteRequest"))
                {
                    write.HasDelete = true;
                    write.Key = ReadMap(ref json, "Key"u8, ref write.Invalid);
                }
            }
            else
            {
                json.Skip();
            }
        }

        return write;
    }

    private static Item? ReadMap(ref JsonInput json, ReadOnlySpan<byte> member, ref string? invalid)
    {
        Item? item = null;
        while (json.NextMember())
        {
            if (json.Is(member))
            {
                item = json.Item(ref invalid);
            }
            else
            {
                json.Skip();
            }
        }

        return item;
    }

    private string? CheckConstraints()
    {
        var constraints = default(Constraints);
        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        constraints.OneOf(_returnMetrics, "returnItemCollectionMetrics", "SIZE, NONE");
        constraints.NotNull(_hasTables, "requestItems");
        constraints.LengthAtLeast(_hasTables ? _tables.Count : null, 1, "requestItems", () => "{}");
        foreach (TablePart part in _tables)
        {
            constraints.TableKey(part.Name, "requestItems", () => _quoted);
        }

        foreach (TablePart part in _tables)
        {
            if (part.Writes.Count is 0 or > WritesMax)
            {
                constraints.Add(_quoted, "requestItems", "Map value must satisfy constraint: "
                    + "[Member must have length less than or equal to 25, Member must have length greater than or equal to 1]");
            }
        }

        foreach (TablePart part in _tables)
        {
            for (int i = 0; i < part.Writes.Count; i++)
            {
                string at = $"requestItems.{part.Name}.member.{i + 1}.member.";
                constraints.NotNull(!part.Writes[i].HasDelete || part.Writes[i].Key is not null, at + "deleteRequest.key");
                constraints.NotNull(!part.Writes[i].HasPut || part.Writes[i].Item is not null, at + "putRequest.item");
            }
        }

        return constraints.Message;
    }

    private string? Check()
    {
        int writes = 0;
        foreach (TablePart part in _tables)
        {
            if (part.Writes.Exists(w => w.HasPut == w.HasDelete))
            {
                return "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
            }

            foreach (Write write in part.Writes)
            {
                if (write.Invalid is not null)
                {
                    return write.Invalid;
                }

                if (write.Item is not null && ItemSize.Of(write.Item) > TableLimits.ItemBytesMax)
                {
                    return "Item size has exceeded the maximum allowed size";
                }
            }

            writes += part.Writes.Count;
        }

        return writes > WritesMax ? "Too many items requested for the BatchWriteItem call" : null;
    }

    private BatchWriteRequest Build()
    {
        var writes = new List<BatchWrite>();
        foreach (TablePart part in _tables)
        {
            foreach (Write write in part.Writes)
            {
                writes.Add(new BatchWrite(part.Name, write.HasPut, write.Item ?? write.Key!) { ShownTable = part.AsSent });
            }
        }

        return new BatchWriteRequest(writes, ItemParameters.CapacityOf(_returnCapacity));
    }
}

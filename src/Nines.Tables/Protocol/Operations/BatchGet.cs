using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>BatchGetItem: up to 100 keys of one or several tables.</summary>
internal sealed class BatchGet
{
    private const int KeysMax = 100;

    // More than the limit, so that the error says so; beyond that they only cost memory.
    private const int KeysKept = 10 * KeysMax;

    private List<TablePart> _tables = [];
    private bool _hasTables;
    private string _quoted = "{}";
    private string? _returnCapacity;

    private sealed class TablePart(SentTable table)
    {
        public readonly string Name = table.Name!;
        public readonly string AsSent = table.AsSent!;
        public readonly ExpressionParameters Expressions = new();
        public readonly LegacyParameters Legacy = new();
        public List<Item>? Keys;
        public string? Invalid;
        public bool ConsistentRead;
        public string Quoted = "[]";
        public byte[] Repeated = [];
    }

    public static ParsedRequest<BatchGetRequest> Parse(ref JsonInput json)
    {
        var request = new BatchGet();
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        if (request.CheckConstraints() is { } message)
        {
            return new(TableError.Validation(message));
        }

        return request.Build();
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
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadTables(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810.KeysAndAttributes"))
        {
            return;
        }

        int start = json.TokenStart;
        _hasTables = true;
        while (json.NextMember())
        {
            var part = new TablePart(json.TableKey());
            if (json.Value() && json.IsElement("KeysAndAttributes"))
            {
                _tables.Add(part);
                ReadTable(ref json, part);
            }
        }

        _tables = RepeatedMembers.KeepLast(_tables, static t => t.AsSent);
        _quoted = json.Quote(start);
    }

    private static void ReadTable(ref JsonInput json, TablePart part)
    {
        var repeated = new Kernel.ByteBuffer(64);
        while (json.NextMember())
        {
            int start = json.TokenStart;
            bool isKeys = json.Is("Keys"u8);
            if (isKeys)
            {
                ReadKeys(ref json, part);
            }
            else if (json.Is("ConsistentRead"u8))
            {
                part.ConsistentRead = json.Boolean() ?? false;
            }
            else if (json.Is("ProjectionExpression"u8))
            {
                part.Expressions.Projection = json.String();
            }
            else if (json.Is("ExpressionAttributeNames"u8))
            {
                part.Expressions.ReadNames(ref json);
            }
            else if (json.Is("AttributesToGet"u8))
            {
                part.Legacy.ReadAttributesToGet(ref json);
            }
            else
            {
                json.Skip();
                continue;
            }

            if (!isKeys && !json.IsFaulty)
            {
                repeated.Byte((byte)',');
                repeated.Raw(json.Raw(start, json.Consumed));
            }
        }

        part.Repeated = repeated.ToArray();
    }

    private static void ReadKeys(ref JsonInput json, TablePart part)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        int start = json.TokenStart;
        part.Keys = [];
        while (json.NextElement())
        {
            if (json.IsParameterizedMap() && json.ItemHere(ref part.Invalid) is { } key && part.Keys.Count < KeysKept)
            {
                part.Keys.Add(key);
            }
        }

        part.Quoted = json.Quote(start);
    }

    private string? CheckConstraints()
    {
        var constraints = default(Constraints);
        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        constraints.NotNull(_hasTables, "requestItems");
        constraints.LengthAtLeast(_hasTables ? _tables.Count : null, 1, "requestItems", () => "{}");
        foreach (TablePart part in _tables)
        {
            constraints.TableKey(part.Name, "requestItems", () => _quoted);
        }

        foreach (TablePart part in _tables)
        {
            string at = $"requestItems.{part.Name}.member.";
            constraints.NotNull(part.Keys is not null, at + "keys");
            constraints.LengthAtLeast(part.Keys?.Count, 1, at + "keys", () => "[]");
            constraints.LengthAtMost(part.Keys?.Count, KeysMax, at + "keys", () => part.Quoted);
            part.Legacy.CheckAttributesToGet(ref constraints, at + "attributesToGet");
        }

        return constraints.Message;
    }

    private ParsedRequest<BatchGetRequest> Build()
    {
        var tables = new List<TableKeys>(_tables.Count);
        int keys = 0;
        foreach (TablePart part in _tables)
        {
            string? message = part.Expressions.CheckUse(ItemOperation.Get, part.Legacy) ?? part.Legacy.CheckDuplicates();
            if (message is not null)
            {
                return new(TableError.Validation(message));
            }

            if (part.Expressions.TryCompile(out ItemExpressions expressions) is { } error)
            {
                return new(error);
            }

            message = part.Invalid ?? CheckDuplicates(part.Keys!);
            keys += part.Keys!.Count;
            message ??= keys > KeysMax ? "Too many items requested for the BatchGetItem call" : null;
            if (message is not null)
            {
                return new(TableError.Validation(message));
            }

            tables.Add(new TableKeys(part.Name, part.Keys, part.Legacy.Add(expressions), part.ConsistentRead)
            {
                Repeated = part.Repeated,
                ShownTable = part.AsSent,
            });
        }

        return new(new BatchGetRequest(tables, ItemParameters.CapacityOf(_returnCapacity)));
    }

    private static string? CheckDuplicates(List<Item> keys)
    {
        for (int i = 1; i < keys.Count; i++)
        {
            if (keys.IndexOf(keys[i], 0, i) >= 0)
            {
                return "Provided list of item keys contains duplicates";
            }
        }

        return null;
    }
}

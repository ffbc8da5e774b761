using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// The members of a request about items, as read: the union over the operations, for each takes only its own.
/// A class that lives for one parse.
/// </summary>
internal sealed class ItemParameters
{
    public const string ReturnValuesSet = "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW";
    public const string CapacitySet = "INDEXES, TOTAL, NONE";

    private string? _itemInvalid;
    private string? _returnValues;
    private string? _returnCapacity;
    private string? _returnMetrics;
    private string? _returnOnFailure;

    public SentTable Table { get; private set; }

    /// <summary>Item of PutItem, Key of the others.</summary>
    public Item? Item { get; private set; }

    public ExpressionParameters Expressions { get; } = new();

    public LegacyParameters Legacy { get; } = new();

    public bool ConsistentRead { get; private set; }

    public string? ItemInvalid => _itemInvalid;

    public ReturnValues Returns => _returnValues switch
    {
        "ALL_OLD" => ReturnValues.AllOld,
        "UPDATED_OLD" => ReturnValues.UpdatedOld,
        "ALL_NEW" => ReturnValues.AllNew,
        "UPDATED_NEW" => ReturnValues.UpdatedNew,
        _ => ReturnValues.None,
    };

    public bool ReturnItemOnFailure => _returnOnFailure == "ALL_OLD";

    public CapacityReturn Capacity => CapacityOf(_returnCapacity);

    public static CapacityReturn CapacityOf(string? text) => text switch
    {
        "TOTAL" => CapacityReturn.Total,
        "INDEXES" => CapacityReturn.Indexes,
        _ => CapacityReturn.None,
    };

    /// <summary>Reads the members that <paramref name="operation"/> has; passes over the others.</summary>
    public void Read(ref JsonInput json, ItemOperation operation)
    {
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                Table = json.Table();
            }
            else if (operation == ItemOperation.Put ? json.Is("Item"u8) : json.Is("Key"u8))
            {
                _itemInvalid = null;
                Item = json.Item(ref _itemInvalid);
            }
            else if (json.Is("ExpressionAttributeNames"u8))
            {
                Expressions.ReadNames(ref json);
            }
            else if (json.Is("ReturnConsumedCapacity"u8))
            {
                _returnCapacity = json.String();
            }
            else if (!(operation == ItemOperation.Get ? ReadOfGet(ref json) : ReadOfWrite(ref json, operation)))
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of the members, in the order of the service's model.</summary>
    public string? CheckConstraints(ItemOperation operation)
    {
        var constraints = default(Constraints);
        string itemAt = operation == ItemOperation.Put ? "item" : "key";
        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", CapacitySet);
        if (operation == ItemOperation.Get)
        {
            Legacy.CheckAttributesToGet(ref constraints, "attributesToGet");
        }

        constraints.Name(Table.Name, "tableName");
        if (operation is ItemOperation.Put or ItemOperation.Get)
        {
            constraints.NotNull(Item is not null, itemAt);
        }

        if (operation == ItemOperation.Delete)
        {
            constraints.OneOf(_returnValues, "returnValues", ReturnValuesSet);
        }

        if (operation is ItemOperation.Delete or ItemOperation.Update)
        {
            constraints.OneOf(_returnMetrics, "returnItemCollectionMetrics", "SIZE, NONE");
        }

        if (operation == ItemOperation.Update)
        {
            constraints.OneOf(_returnValues, "returnValues", ReturnValuesSet);
        }

        if (operation is ItemOperation.Delete or ItemOperation.Update)
        {
            constraints.NotNull(Item is not null, itemAt);
        }

        if (operation != ItemOperation.Get)
        {
            Legacy.CheckConditions(ref constraints);
        }

        if (operation == ItemOperation.Put)
        {
            constraints.OneOf(_returnValues, "returnValues", ReturnValuesSet);
            constraints.OneOf(_returnMetrics, "returnItemCollectionMetrics", "SIZE, NONE");
        }

        constraints.OneOf(_returnOnFailure, "returnValuesOnConditionCheckFailure", "ALL_OLD, NONE");
        return constraints.Message;
    }

    private bool ReadOfGet(ref JsonInput json)
    {
        if (json.Is("ConsistentRead"u8))
        {
            ConsistentRead = json.Boolean() ?? false;
        }
        else if (json.Is("ProjectionExpression"u8))
        {
            Expressions.Projection = json.String();
        }
        else if (json.Is("AttributesToGet"u8))
        {
            Legacy.ReadAttributesToGet(ref json);
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadOfWrite(ref JsonInput json, ItemOperation operation)
    {
        if (json.Is("ConditionExpression"u8))
        {
            Expressions.Condition = json.String();
        }
        else if (json.Is("ExpressionAttributeValues"u8))
        {
            Expressions.ReadValues(ref json);
        }
        else if (json.Is("ReturnValues"u8))
        {
            _returnValues = json.String();
        }
        else if (json.Is("ReturnValuesOnConditionCheckFailure"u8))
        {
            _returnOnFailure = json.String();
        }
        else if (json.Is("ReturnItemCollectionMetrics"u8))
        {
            _returnMetrics = json.String();
        }
        else if (operation == ItemOperation.Update && json.Is("UpdateExpression"u8))
        {
            Expressions.Update = json.String();
        }
        else
        {
            return Legacy.TryRead(ref json, operation);
        }

        return true;
    }
}

using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The members of a Query or Scan, as read. A class that lives for one parse.</summary>
internal sealed class PageParameters(bool isQuery)
{
    private const long TotalSegmentsMax = 1_000_000;

    private string? _startKeyInvalid;
    private string? _returnCapacity;
    private string? _conditionalOperator;

    public SentTable Table { get; private set; }

    public string? IndexName { get; private set; }

    public string? Select { get; private set; }

    public string? ReturnCapacity => _returnCapacity;

    public ExpressionParameters Expressions { get; } = new();

    public LegacyParameters Legacy { get; } = new();

    /// <summary>QueryFilter or ScanFilter.</summary>
    public List<LegacyCondition>? Filter { get; private set; }

    public List<LegacyCondition>? KeyConditions { get; private set; }

    public bool IsOr => _conditionalOperator == "OR";

    public bool HasConditionalOperator => _conditionalOperator is not null;

    public Item? StartKey { get; private set; }

    /// <summary>What is wrong with a value of the start key.</summary>
    public string? StartKeyInvalid => _startKeyInvalid;

    public long? Limit { get; private set; }

    public long? Segment { get; private set; }

    public long? TotalSegments { get; private set; }

    public bool ConsistentRead { get; private set; }

    public bool IsForward { get; private set; } = true;

    public void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (!ReadCommon(ref json) && !ReadExpression(ref json) && !(isQuery ? ReadOfQuery(ref json) : ReadOfScan(ref json)))
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of the members, in the order of the service's model.</summary>
    public string? CheckConstraints()
    {
        var constraints = default(Constraints);
        constraints.OneOf(Select, "select", "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES");
        constraints.NameIfAny(IndexName, "indexName");
        if (!isQuery)
        {
            constraints.AtLeast(TotalSegments, 1, "totalSegments");
            constraints.AtMost(TotalSegments, TotalSegmentsMax, "totalSegments");
        }

        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        if (isQuery)
        {
            CheckConditions(ref constraints, Filter, "queryFilter");
        }

        constraints.Name(Table.Name, "tableName");
        constraints.OneOf(_conditionalOperator, "conditionalOperator", "OR, AND");
        if (!isQuery)
        {
            CheckConditions(ref constraints, Filter, "scanFilter");
            constraints.AtLeast(Segment, 0, "segment");
            constraints.AtMost(Segment, TotalSegmentsMax - 1, "segment");
            constraints.AtLeast(Limit, 1, "limit");
        }

        Legacy.CheckAttributesToGet(ref constraints, "attributesToGet");
        if (isQuery)
        {
            constraints.AtLeast(Limit, 1, "limit");
            CheckConditions(ref constraints, KeyConditions, "keyConditions");
        }

        return constraints.Message;
    }

    private static void CheckConditions(ref Constraints constraints, List<LegacyCondition>? conditions, string at)
    {
        foreach (LegacyCondition condition in conditions ?? [])
        {
            string place = $"{at}.{condition.Attribute}.member.comparisonOperator";
            constraints.NotNull(condition.Operator is not null, place);
            constraints.OneOf(condition.Operator, place, LegacyCondition.Operators);
        }
    }

    private bool ReadCommon(ref JsonInput json)
    {
        if (json.Is("TableName"u8))
        {
            Table = json.Table();
        }
        else if (json.Is("IndexName"u8))
        {
            IndexName = json.String();
        }
        else if (json.Is("Select"u8))
        {
            Select = json.String();
        }
        else if (json.Is("ReturnConsumedCapacity"u8))
        {
            _returnCapacity = json.String();
        }
        else if (json.Is("Limit"u8))
        {
            Limit = json.Integer("Integer");
        }
        else if (json.Is("ConsistentRead"u8))
        {
            ConsistentRead = json.Boolean() ?? false;
        }
        else if (json.Is("ExclusiveStartKey"u8))
        {
            _startKeyInvalid = null;
            StartKey = json.Item(ref _startKeyInvalid);
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadExpression(ref JsonInput json)
    {
        if (json.Is("FilterExpression"u8))
        {
            Expressions.Filter = json.String();
        }
        else if (json.Is("ProjectionExpression"u8))
        {
            Expressions.Projection = json.String();
        }
        else if (json.Is("ExpressionAttributeNames"u8))
        {
            Expressions.ReadNames(ref json);
        }
        else if (json.Is("ExpressionAttributeValues"u8))
        {
            Expressions.ReadValues(ref json);
        }
        else if (json.Is("AttributesToGet"u8))
        {
            Legacy.ReadAttributesToGet(ref json);
        }
        else if (json.Is("ConditionalOperator"u8))
        {
            _conditionalOperator = json.String();
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadOfQuery(ref JsonInput json)
    {
        if (json.Is("KeyConditionExpression"u8))
        {
            Expressions.KeyCondition = json.String();
        }
        else if (json.Is("KeyConditions"u8))
        {
            KeyConditions = ReadConditions(ref json) ?? KeyConditions;
        }
        else if (json.Is("QueryFilter"u8))
        {
            Filter = ReadConditions(ref json) ?? Filter;
        }
        else if (json.Is("ScanIndexForward"u8))
        {
            IsForward = json.Boolean() ?? true;
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadOfScan(ref JsonInput json)
    {
        if (json.Is("ScanFilter"u8))
        {
            Filter = ReadConditions(ref json) ?? Filter;
        }
        else if (json.Is("Segment"u8))
        {
            Segment = json.Integer("Integer");
        }
        else if (json.Is("TotalSegments"u8))
        {
            TotalSegments = json.Integer("Integer");
        }
        else
        {
            return false;
        }

        return true;
    }

    private static List<LegacyCondition>? ReadConditions(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810.Condition"))
        {
            return null;
        }

        var conditions = new List<LegacyCondition>();
        while (json.NextMember())
        {
            var condition = new LegacyCondition(json.Text(), isExpectation: false);
            if (json.Value() && json.IsElement("Condition"))
            {
                condition.Read(ref json);
                conditions.Add(condition);
            }
        }

        return RepeatedMembers.KeepLast(conditions, static c => c.Attribute);
    }
}

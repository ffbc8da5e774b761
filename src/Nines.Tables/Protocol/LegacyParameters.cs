using System.Text.Json;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// The parameters of the time before expressions: AttributesToGet, Expected with ConditionalOperator, AttributeUpdates. Object
/// mappers still send them. They compile into what expressions compile into.
/// </summary>
internal sealed class LegacyParameters
{
    private const int AttributesMax = 255;

    private List<LegacyCondition>? _expected;
    private List<LegacyUpdate>? _updates;
    private string? _conditionalOperator;

    public List<string>? AttributesToGet { get; private set; }

    /// <summary>The names of those that were given.</summary>
    public string[] Given(ItemOperation operation)
    {
        if (operation == ItemOperation.Get)
        {
            return AttributesToGet is null ? [] : ["AttributesToGet"];
        }

        var given = new List<string>();
        if (_updates is not null)
        {
            given.Add("AttributeUpdates");
        }

        if (_expected is not null)
        {
            given.Add("Expected");
        }

        return [.. given];
    }

    public void ReadAttributesToGet(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        AttributesToGet = [];
        while (json.NextElement())
        {
            if (json.Token != JsonTokenType.Null && json.StringHere() is { } name)
            {
                AttributesToGet.Add(name);
            }
        }
    }

    /// <summary>Reads a member of a write; false when it is none of these.</summary>
    public bool TryRead(ref JsonInput json, ItemOperation operation)
    {
        if (json.Is("ConditionalOperator"u8))
        {
            _conditionalOperator = json.String();
        }
        else if (json.Is("Expected"u8))
        {
            ReadExpected(ref json);
        }
        else if (operation == ItemOperation.Update && json.Is("AttributeUpdates"u8))
        {
            ReadUpdates(ref json);
        }
        else
        {
            return false;
        }

        return true;
    }

    public void CheckAttributesToGet(ref Constraints constraints, string at)
    {
        if (AttributesToGet is { } names)
        {
            constraints.LengthAtLeast(names.Count, 1, at, () => "[]");
            constraints.LengthAtMost(names.Count, AttributesMax, at, () => $"[{string.Join(", ", names)}]");
        }
    }

    public void CheckConditions(ref Constraints constraints)
    {
        constraints.OneOf(_conditionalOperator, "conditionalOperator", "OR, AND");
        foreach (LegacyCondition condition in _expected ?? [])
        {
            constraints.OneOf(
                condition.Operator, $"expected.{condition.Attribute}.member.comparisonOperator", LegacyCondition.Operators);
        }

        foreach (LegacyUpdate update in _updates ?? [])
        {
            update.CheckConstraints(ref constraints);
        }
    }

    /// <summary>The second occurrence of a name, which AttributesToGet may not have.</summary>
    public string? CheckDuplicates()
    {
        for (int i = 1; i < AttributesToGet?.Count; i++)
        {
            if (AttributesToGet.IndexOf(AttributesToGet[i]) < i)
            {
                return "One or more parameter values were invalid: Duplicate value in attribute name: " + AttributesToGet[i];
            }
        }

        return null;
    }

    /// <summary>Updates, then conditions, each by itself.</summary>
    public string? Check()
    {
        foreach (LegacyUpdate update in _updates ?? [])
        {
            if (update.Check() is { } message)
            {
                return message;
            }
        }

        foreach (LegacyCondition condition in _expected ?? [])
        {
            if (condition.Check() is { } message)
            {
                return message;
            }
        }

        return CheckSizes()
            ?? (_conditionalOperator is null || _expected is not null
                ? null
                : "ConditionalOperator cannot be used without Filter or Expected");
    }

    /// <summary>These are replicated as the values of expressions are, and have the same bound.</summary>
    private string? CheckSizes() =>
        _expected?.Sum(static e => e.Size) > TableLimits.SubstitutionBytesMax ? "Expected exceeds max size"
        : _updates?.Sum(static u => u.Size) > TableLimits.SubstitutionBytesMax ? "AttributeUpdates exceeds max size"
        : null;

    /// <summary>The expressions of the request with what these parameters say in their place.</summary>
    public ItemExpressions Add(ItemExpressions expressions)
    {
        if (AttributesToGet is not null)
        {
            expressions = expressions with { Projection = ProjectionPlan.OfAttributes(AttributesToGet) };
        }

        if (_expected is { Count: > 0 })
        {
            Condition[] parts = [.. _expected.Select(e => e.Compile())];
            expressions = expressions with
            {
                Condition = parts.Length == 1 ? parts[0] : new Junction(_conditionalOperator != "OR", parts),
            };
        }

        if (_updates is { Count: > 0 })
        {
            // Paths to distinct top-level attributes never clash.
            expressions = expressions with { Update = UpdateProgram.Create([.. _updates.Select(u => u.Compile())], out _) };
        }

        return expressions;
    }

    private void ReadExpected(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810.ExpectedAttributeValue"))
        {
            return;
        }

        _expected = [];
        while (json.NextMember())
        {
            var condition = new LegacyCondition(json.Text());
            if (json.Value() && json.IsElement("ExpectedAttributeValue"))
            {
                condition.Read(ref json);
                _expected.Add(condition);
            }
        }

        _expected = RepeatedMembers.KeepLast(_expected, static e => e.Attribute);
    }

    private void ReadUpdates(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810.AttributeValueUpdate"))
        {
            return;
        }

        _updates = [];
        while (json.NextMember())
        {
            var update = new LegacyUpdate(json.Text());
            if (json.Value() && json.IsElement("AttributeValueUpdate"))
            {
                update.Read(ref json);
                _updates.Add(update);
            }
        }

        _updates = RepeatedMembers.KeepLast(_updates, static u => u.Attribute);
    }
}

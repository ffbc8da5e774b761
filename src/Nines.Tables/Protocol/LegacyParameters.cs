using System.Text.Json;
using Nines.Tables.Model.Requests;

namespace Nines.Tables.Protocol;

/// <summary>
/// The parameters of the time before expressions. AttributesToGet is answered; Expected, AttributeUpdates and ConditionalOperator are
/// refused in so many words.
/// </summary>
internal sealed class LegacyParameters
{
    private const int AttributesMax = 255;

    private string? _conditionalOperator;
    private bool _hasExpected;
    private bool _hasUpdates;

    public List<string>? AttributesToGet { get; private set; }

    /// <summary>The names of those that were given.</summary>
    public string[] Given(ItemOperation operation) => operation switch
    {
        ItemOperation.Get => AttributesToGet is null ? [] : ["AttributesToGet"],
        _ => [.. _hasUpdates ? ["AttributeUpdates"] : Array.Empty<string>(), .. _hasExpected ? ["Expected"] : Array.Empty<string>()],
    };

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
            _hasExpected |= Present(ref json, "ExpectedAttributeValue");
        }
        else if (operation == ItemOperation.Update && json.Is("AttributeUpdates"u8))
        {
            _hasUpdates |= Present(ref json, "AttributeValueUpdate");
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

    public void CheckConditions(ref Constraints constraints) =>
        constraints.OneOf(_conditionalOperator, "conditionalOperator", "OR, AND");

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

    /// <summary>Says which given parameter this server does not answer yet.</summary>
    public string? CheckSupported() =>
        _hasExpected ? NotYet("Expected", "ConditionExpression")
        : _hasUpdates ? NotYet("AttributeUpdates", "UpdateExpression")
        : _conditionalOperator is not null ? "ConditionalOperator cannot be used without Filter or Expected"
        : null;

    private static string NotYet(string member, string instead) =>
        $"One or more parameter values were invalid: {member} is not yet supported by this server, use {instead}";

    private static bool Present(ref JsonInput json, string valueType)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810." + valueType))
        {
            return false;
        }

        json.Skip();
        return true;
    }
}

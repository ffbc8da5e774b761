using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>One entry of the parameter AttributeUpdates: what to do with a top-level attribute.</summary>
internal sealed class LegacyUpdate(string attribute)
{
    private const string Invalid = "One or more parameter values were invalid: ";

    private string? _invalid;
    private string? _action;
    private AttributeValue? _value;

    public string Attribute { get; } = attribute;

    /// <summary>Name and value, in bytes.</summary>
    public long Size => Attribute.Length + (_value is null ? 0 : ItemSize.Of(_value));

    public void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("Value"u8))
            {
                _value = json.Value() ? json.FieldHere(ref _invalid) : _value;
            }
            else if (json.Is("Action"u8))
            {
                _action = json.String();
            }
            else
            {
                json.Skip();
            }
        }
    }

    public void CheckConstraints(ref Constraints constraints) =>
        constraints.OneOf(_action, $"attributeUpdates.{Attribute}.member.action", "ADD, DELETE, PUT");

    public string? Check()
    {
        if (_invalid is not null)
        {
            return _invalid;
        }

        if (_value is null)
        {
            return _action == "DELETE" ? null : Invalid + "Only DELETE action is allowed when no attribute value is specified";
        }

        if (_action == "DELETE" && !UpdateAction.Takes(UpdateKind.Delete, _value.Type))
        {
            return Invalid + "DELETE action with value is not supported for the type " + _value.Type.Code();
        }

        return _action == "ADD" && !UpdateAction.Takes(UpdateKind.Add, _value.Type) && _value.Type != AttributeType.List
            ? Invalid + "ADD action is not supported for the type " + _value.Type.Code()
            : null;
    }

    /// <summary>The action; only after <see cref="Check"/> found nothing.</summary>
    public UpdateAction Compile()
    {
        DocumentPath path = DocumentPath.Of(Attribute);
        if (_value is null)
        {
            return new UpdateAction(UpdateKind.Remove, path, null);
        }

        var literal = new LiteralValue(_value);
        return _action switch
        {
            "DELETE" => new UpdateAction(UpdateKind.Delete, path, literal),
            "ADD" when _value.Type == AttributeType.List => new UpdateAction(UpdateKind.Set, path, Appended(path, literal)),
            "ADD" => new UpdateAction(UpdateKind.Add, path, literal),
            _ => new UpdateAction(UpdateKind.Set, path, literal),
        };
    }

    private static AppendValue Appended(DocumentPath path, LiteralValue literal) =>
        new(new FallbackValue(path, new LiteralValue(new ListValue([]))), literal);
}

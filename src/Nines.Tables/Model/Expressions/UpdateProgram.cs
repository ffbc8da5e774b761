using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>What an action does. The numbers are in the log: append only.</summary>
public enum UpdateKind : byte
{
    /// <summary>SET path = value.</summary>
    Set = 0,

    /// <summary>REMOVE path.</summary>
    Remove = 1,

    /// <summary>ADD path value: adds to a number or to a set.</summary>
    Add = 2,

    /// <summary>DELETE path value: takes elements out of a set.</summary>
    Delete = 3,
}

/// <summary>One action. The value is null for REMOVE, and a <see cref="LiteralValue"/> for ADD and DELETE.</summary>
public sealed record UpdateAction(UpdateKind Kind, DocumentPath Path, UpdateValue? Value)
{
    /// <summary>Whether a literal of the type can be added (a number or a set) or deleted (a set).</summary>
    public static bool Takes(UpdateKind kind, AttributeType type) => type switch
    {
        AttributeType.StringSet or AttributeType.NumberSet or AttributeType.BinarySet => true,
        AttributeType.Number => kind == UpdateKind.Add,
        _ => false,
    };
}

/// <summary>What an update came to: the new item, or why it was not done.</summary>
public readonly record struct UpdateResult(Item? Item, UpdateFault Fault);

/// <summary>
/// An update expression, compiled. All its values are worked out from the item as it was; then all changes are made at once, so
/// that list indexes mean positions before the update: elements set beyond the end are appended in the order of their indexes, and
/// removed ones close up.
/// </summary>
public sealed partial class UpdateProgram
{
    private readonly UpdateAction[] _actions;
    private readonly PathTree _tree;

    private UpdateProgram(UpdateAction[] actions, PathTree tree)
    {
        _actions = actions;
        _tree = tree;
    }

    /// <summary>The actions, as written.</summary>
    public ReadOnlySpan<UpdateAction> Actions => _actions;

    /// <summary>The changed parts, for UPDATED_OLD (of the old item) and UPDATED_NEW (of the new one).</summary>
    public ProjectionPlan Updated => new(_tree);

    /// <summary>Makes a program of at least one action; gives DynamoDB's words when two paths overlap or conflict.</summary>
    public static UpdateProgram? Create(UpdateAction[] actions, out string? clash)
    {
        Invariant.Assert(actions.Length > 0);
        var tree = new PathTree();
        clash = null;
        for (int i = 0; i < actions.Length && clash is null; i++)
        {
            clash = tree.Add(actions[i].Path);
        }

        return clash is null ? new UpdateProgram(actions, tree) : null;
    }

    /// <summary>The error of an update that would change a key attribute, or null.</summary>
    public TableError? CheckKeys(ReadOnlySpan<string> keyNames)
    {
        foreach (string key in keyNames)
        {
            foreach (UpdateAction action in _actions)
            {
                if (action.Path.Root == key)
                {
                    return TableError.Validation(
                        $"One or more parameter values were invalid: Cannot update attribute {key}. This attribute is part of the key");
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Updates an item; one that does not exist yet is given as its key attributes alone. Faults are found in DynamoDB's order: a
    /// container of the wrong kind, a wrong type anywhere, then from the last clause back a missing container and a missing attribute.
    /// </summary>
    public UpdateResult Apply(Item item)
    {
        var values = new AttributeValue?[_actions.Length];
        UpdateFault fault = Evaluate(item, values);
        if (fault != UpdateFault.None)
        {
            return new UpdateResult(null, fault);
        }

        Item updated = Rebuild(item, _tree.Root, values);
        return ItemSize.Of(updated) > TableLimits.ItemBytesMax
            ? new UpdateResult(null, UpdateFault.ItemTooLarge)
            : new UpdateResult(updated, UpdateFault.None);
    }

    /// <summary>The fault that is reported when two operands have one each: a wrong type comes before all else.</summary>
    internal static UpdateFault Graver(UpdateFault first, UpdateFault second) =>
        first == UpdateFault.None || second == UpdateFault.WrongType ? second : first;

    /// <summary>Works out what each action leaves at its path; null is nothing.</summary>
    private UpdateFault Evaluate(Item item, AttributeValue?[] values)
    {
        foreach (UpdateAction action in _actions)
        {
            if (action.Path.IsNested && action.Path.FindParent(item) is AttributeValue parent && !Fits(parent, action.Path))
            {
                return UpdateFault.InvalidPath;
            }
        }

        var faults = new UpdateFault[_actions.Length];
        long elements = 0;
        for (int i = 0; i < _actions.Length; i++)
        {
            values[i] = ValueOf(_actions[i], item, out faults[i]);
            if (faults[i] == UpdateFault.WrongType)
            {
                return UpdateFault.WrongType;
            }

            // All of them would be in the item, and each takes a byte at least: no more memory for what is refused in the end.
            elements += (values[i] as ListValue)?.Elements.Length ?? 0;
            if (elements > TableLimits.ItemBytesMax)
            {
                return UpdateFault.ItemTooLarge;
            }
        }

        UpdateFault late = FirstFault(item, faults);
        return late != UpdateFault.None ? late : CheckDepth(values);
    }

    private UpdateFault FirstFault(Item item, UpdateFault[] faults)
    {
        for (int end = _actions.Length; end > 0;)
        {
            int start = end - 1;
            while (start > 0 && _actions[start - 1].Kind == _actions[end - 1].Kind)
            {
                start--;
            }

            for (int i = start; i < end; i++)
            {
                if (_actions[i].Path.IsNested && _actions[i].Path.FindParent(item) is null)
                {
                    return UpdateFault.InvalidPath;
                }
            }

            int faulty = Array.FindIndex(faults, start, end - start, f => f != UpdateFault.None);
            if (faulty >= 0)
            {
                return faults[faulty];
            }

            end = start;
        }

        return UpdateFault.None;
    }

    private UpdateFault CheckDepth(AttributeValue?[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is MapValue or ListValue
                && _actions[i].Path.Elements.Length + Nesting.Of(values[i]!) - 1 > TableLimits.NestingLevelsMax)
            {
                return UpdateFault.TooDeep;
            }
        }

        return UpdateFault.None;
    }

    private static bool Fits(AttributeValue parent, DocumentPath path) =>
        path.Elements[^1].IsIndex ? parent is ListValue : parent is MapValue;

    private static AttributeValue? ValueOf(UpdateAction action, Item item, out UpdateFault fault)
    {
        fault = UpdateFault.None;
        switch (action.Kind)
        {
            case UpdateKind.Set:
                return action.Value!.Evaluate(item, out fault);
            case UpdateKind.Remove:
                return null;
            default:
                AttributeValue literal = ((LiteralValue)action.Value!).Value;
                AttributeValue? old = action.Path.Find(item);
                if (old is not null && old.Type != literal.Type)
                {
                    fault = UpdateFault.WrongType;
                    return null;
                }

                return action.Kind == UpdateKind.Add ? Sum(old, literal, out fault) : Difference(old, literal);
        }
    }

    private static AttributeValue? Sum(AttributeValue? old, AttributeValue literal, out UpdateFault fault)
    {
        fault = UpdateFault.None;
        switch (old, literal)
        {
            case (NumberValue a, NumberValue b):
                fault = UpdateFaults.Of(DynamoNumber.Add(a.Number, b.Number, out DynamoNumber sum));
                return new NumberValue(sum);
            case (StringSetValue a, StringSetValue b):
                return a.Union(b);
            case (NumberSetValue a, NumberSetValue b):
                return a.Union(b);
            case (BinarySetValue a, BinarySetValue b):
                return a.Union(b);
            default:
                return literal;
        }
    }

    private static AttributeValue? Difference(AttributeValue? old, AttributeValue literal) => (old, literal) switch
    {
        (StringSetValue a, StringSetValue b) => a.Except(b),
        (NumberSetValue a, NumberSetValue b) => a.Except(b),
        (BinarySetValue a, BinarySetValue b) => a.Except(b),
        _ => old,
    };
}

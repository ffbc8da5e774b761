using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// What an update leaves in its item at least, whatever the item was: the values of the request that SET and ADD put there. An update that cannot
/// fit is refused before it is replicated.
/// </summary>
internal static class UpdateSize
{
    /// <summary>The container's own bytes, of which a list that is appended to another brings none.</summary>
    private static readonly long EmptyListBytes = ItemSize.Of(new ListValue([]));

    /// <param name="program">The update.</param>
    /// <param name="key">What the item has in any case.</param>
    public static bool IsTooLarge(UpdateProgram program, Item key)
    {
        long size = ItemSize.Of(key);
        foreach (UpdateAction action in program.Actions)
        {
            if (action.Kind is UpdateKind.Set or UpdateKind.Add)
            {
                size += action.Path.IsNested ? 0 : Encoding.UTF8.GetByteCount(action.Path.Root);
                Add(action, ref size);
            }

            if (size > TableLimits.ItemBytesMax)
            {
                return true;
            }
        }

        return false;
    }

    private static void Add(UpdateAction action, ref long size)
    {
        switch (action.Value)
        {
            // The sum may have fewer digits than what is added.
            case LiteralValue { Value: NumberValue } when action.Kind == UpdateKind.Add:
                size++;
                break;
            case LiteralValue literal:
                size += ItemSize.Of(literal.Value);
                break;
            case AppendValue append:
                AddElements(append, ref size);
                break;
            default:
                size++;
                break;
        }
    }

    private static void AddElements(UpdateValue value, ref long size)
    {
        if (size > TableLimits.ItemBytesMax)
        {
            return;
        }

        if (value is AppendValue append)
        {
            AddElements(append.First, ref size);
            AddElements(append.Second, ref size);
        }
        else if (value is LiteralValue { Value: ListValue list })
        {
            size += ItemSize.Of(list) - EmptyListBytes;
        }
    }
}

using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Requests;

/// <summary>The compiled expressions of a request.</summary>
public sealed record ItemExpressions
{
    /// <summary>None of them.</summary>
    public static readonly ItemExpressions None = new();

    /// <summary>What must hold for a write to be done.</summary>
    public Condition? Condition { get; init; }

    /// <summary>What UpdateItem changes.</summary>
    public UpdateProgram? Update { get; init; }

    /// <summary>Which parts of the item a read returns.</summary>
    public ProjectionPlan? Projection { get; init; }

    /// <summary>The checks that need the table's key: it is not updated, and nothing looks inside it.</summary>
    public TableError? CheckKeys(TableSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (ReferenceEquals(this, None))
        {
            return null;
        }

        string[] keys = schema.Range is { } range ? [schema.Hash.Name, range.Name] : [schema.Hash.Name];
        return Update?.CheckKeys(keys) ?? (Update is null ? null : IndexRules.CheckLiterals(schema.Shape, Update))
            ?? (Condition is null ? null : ExpressionParser.CheckScalarKeys(Condition, keys))
            ?? (Projection is null ? null : CheckProjection(Projection, keys));
    }

    /// <summary>The error of a projection that looks inside a key attribute; null: it does not.</summary>
    public static TableError? CheckProjection(ProjectionPlan projection, string[] keys)
    {
        ArgumentNullException.ThrowIfNull(projection);
        foreach (DocumentPath path in projection.Paths)
        {
            if (path.IsNested && Array.IndexOf(keys, path.Root) >= 0)
            {
                return TableError.Validation(
                    $"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {path.Root}");
            }
        }

        return null;
    }
}

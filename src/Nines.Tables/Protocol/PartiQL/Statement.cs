using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>What a statement does.</summary>
public enum StatementKind
{
    /// <summary>SELECT.</summary>
    Select,

    /// <summary>INSERT.</summary>
    Insert,

    /// <summary>UPDATE.</summary>
    Update,

    /// <summary>DELETE.</summary>
    Delete,

    /// <summary>EXISTS(SELECT ...): a condition on an item, only in transactions.</summary>
    Check,
}

/// <summary>An attribute that ORDER BY names.</summary>
public readonly record struct OrderTerm(string Attribute, bool IsDescending);

/// <summary>
/// A PartiQL statement as DynamoDB has them, its parameters put in. Whatever can be checked without the table was checked; what its keys are is
/// not known yet, see <see cref="StatementPlan"/>.
/// </summary>
public sealed record Statement
{
    /// <summary>What it does.</summary>
    public required StatementKind Kind { get; init; }

    /// <summary>The table's name.</summary>
    public required string TableName { get; init; }

    /// <summary>How the statement names the table: by name or by ARN.</summary>
    public required string ShownTable { get; init; }

    /// <summary>SELECT: the index; null: the table itself.</summary>
    public string? IndexName { get; init; }

    /// <summary>SELECT: what is selected; null: all.</summary>
    public StatementSelection? Selection { get; init; }

    /// <summary>The condition behind WHERE, or null.</summary>
    public Condition? Where { get; init; }

    /// <summary>SELECT: the terms of ORDER BY.</summary>
    public IReadOnlyList<OrderTerm> Order { get; init; } = [];

    /// <summary>INSERT: the item.</summary>
    public Item? Item { get; init; }

    /// <summary>UPDATE: what changes.</summary>
    public UpdateProgram? Update { get; init; }

    /// <summary>UPDATE and DELETE: what is returned.</summary>
    public ReturnValues Returns { get; init; }

    /// <summary>A statement that changes nothing.</summary>
    public bool IsRead => Kind == StatementKind.Select;
}

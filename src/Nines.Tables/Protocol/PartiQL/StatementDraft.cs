using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>A statement as far as it was read. What it says of names and values stands behind placeholders until it is compiled.</summary>
internal sealed class StatementDraft
{
    private string? _repeated;

    public StatementKind Kind { get; set; }

    public SentTable Table { get; set; }

    public string? IndexName { get; set; }

    public bool SelectsAll { get; set; }

    public List<PathSyntax> Selected { get; } = [];

    public Syntax? Where { get; set; }

    public List<OrderTerm> Order { get; } = [];

    public Item? Inserted { get; set; }

    public List<ActionSyntax> Actions { get; } = [];

    public ReturnValues Returns { get; private set; }

    public void SetReturns(string which, string when) => Returns = (which, when) switch
    {
        ("ALL", "OLD") => ReturnValues.AllOld,
        ("ALL", _) => ReturnValues.AllNew,
        (_, "OLD") => ReturnValues.UpdatedOld,
        _ => ReturnValues.UpdatedNew,
    };

    /// <summary>Checks and compiles what was read, by the rules that expressions have.</summary>
    public ParsedRequest<Statement> Compile(List<ExpressionName> names, List<ExpressionValue> values)
    {
        Parsed<ExpressionContext> context = ExpressionContext.Create(names.Count == 0 ? null : names, values.Count == 0 ? null : values);
        if (!context.IsOk)
        {
            return new(context.Error);
        }

        var compiler = new Compiler(context.Value);
        Condition? where = Where is null ? null : compiler.Condition(Where);
        UpdateProgram? update = Actions.Count == 0 || compiler.Fault is not null ? null : compiler.Update(Actions);
        StatementSelection? selection = Selected.Count == 0 || compiler.Fault is not null ? null : Select(compiler);
        string? fault = compiler.Fault
            ?? (_repeated is null ? null : "Duplicate identifiers in select clause: " + _repeated)
            ?? (Inserted is null ? null : CheckInserted(Inserted));
        return fault is not null ? new(TableError.Validation(fault)) : new(new Statement
        {
            Kind = Kind,
            TableName = Table.Name!,
            ShownTable = Table.AsSent!,
            IndexName = IndexName,
            Selection = selection,
            Where = where,
            Order = Order,
            Item = Inserted,
            Update = update,
            Returns = Returns,
        });
    }

    private StatementSelection? Select(Compiler compiler)
    {
        var paths = new List<DocumentPath>(Selected.Count);
        foreach (PathSyntax written in Selected)
        {
            if (compiler.Path(written) is not { } path)
            {
                return null;
            }

            paths.Add(path);
        }

        return StatementSelection.Create(paths, out _repeated);
    }

    private static string? CheckInserted(Item item)
    {
        foreach (AttributeValue value in item.Values)
        {
            if (Nesting.Of(value) > TableLimits.NestingLevelsMax)
            {
                return AttributeValueJson.TooDeep;
            }
        }

        return ItemSize.Of(item) > TableLimits.ItemBytesMax ? "Item size has exceeded the maximum allowed size" : null;
    }
}

using System.Diagnostics.CodeAnalysis;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What clients change of a table. Most changes are one command of the control group: there is no state between, so nobody ever has to
/// carry one on. Those that the data groups must learn of leave the table pending, see <see cref="TableReshaping"/>.
/// </summary>
internal static class TableChanges
{
    private const string InUse = "Attempt to change a resource which is still in use: ";

    public static void ChangeTags(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        string name = command.Text();
        TableTags set = TableTags.Decode(ref command);
        int count = command.Items(1);
        var removed = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count && !command.Failed; i++)
        {
            removed.Add(command.Text());
        }

        if (!command.IsComplete || count > TableTags.CountMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!TryFind(name, state, answer, out TableDescription? row))
        {
            return;
        }

        TableTags tags = row.Tags.Without(removed).With(set);
        if (tags.Count > TableTags.CountMax)
        {
            TableAnswer.Write(answer, TableError.Validation("Number of Tags exceed the current limit for the provided ResourceArn"));
            return;
        }

        TableDescription changed = row with { Tags = tags };
        CatalogueRules.Store(changed, state);
        TableAnswer.Write(answer, changed);
    }

    public static void Update(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        if (TableUpdate.TryDecode(ref command) is not { } update)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!TryFind(update.Name, state, answer, out TableDescription? row))
        {
            return;
        }

        long nowMs = Math.Max(0, context.TimeMs);
        if (TableUpdates.TryApply(row, update, context.Position, nowMs, out TableError? error) is not { } applied
            || !IndexChanges.TryApply(row, update, context.Position, nowMs, ref applied, out error))
        {
            TableAnswer.Write(answer, error!);
            return;
        }

        CatalogueRules.Store(applied.Changed, state);
        TableAnswer.Write(answer, applied.Shown);
    }

    /// <summary>The row of a table that may be changed; otherwise the answer says why there is none.</summary>
    public static bool TryFind(string name, IOrderedState state, ByteBuffer answer, [NotNullWhen(true)] out TableDescription? row)
    {
        row = CatalogueRules.Find(name, state);
        TableError? error = row is null ? CatalogueRules.NotFound(name) : row.Status switch
        {
            TableStatus.Creating => TableError.ResourceInUse($"{InUse}Table is being created: {name}"),
            TableStatus.Deleting => TableError.ResourceInUse($"{InUse}Table is being deleted: {name}"),
            TableStatus.Updating => TableError.ResourceInUse($"{InUse}Table: {name} is in the process of being updated."),
            TableStatus.Active => null,
        };
        if (error is not null)
        {
            TableAnswer.Write(answer, error);
        }

        return row is not null && error is null;
    }
}

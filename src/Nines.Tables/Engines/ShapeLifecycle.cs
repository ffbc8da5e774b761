using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>Carries changes of a table's stream and time to live on; <see cref="TableReshaping"/> draws the steps.</summary>
internal sealed class ShapeLifecycle(GroupSteps steps)
{
    /// <summary>Does all that there is to do; false: something is left to a later sweep.</summary>
    public async Task<bool> CarryAsync(TableDescription row)
    {
        var register = new ByteBuffer(64);
        TableCommand.RegisterTable(register, row.Schema);
        if (!await steps.ForEachGroupAsync(group => steps.IsDoneAsync(group, register.WrittenMemory))
            || !await CommitAsync(command => ExpiryCommand.SettleTable(command, row.Name, row.Id, row.Revision)))
        {
            return false;
        }

        return row.TimeToLive is not { Status: TimeToLiveStatus.Enabling } enabling
            || (await steps.ForEachGroupAsync(group => FillExpiryAsync(group, row.Id, enabling.ChangedAt))
                && await CommitAsync(command => ExpiryCommand.FinishTimeToLive(command, row.Name, row.Id, enabling.ChangedAt)));
    }

    /// <summary>Whoever takes over begins anew: an item that is in the queue already is put there again.</summary>
    private async Task<bool> FillExpiryAsync(GroupId group, ulong tableId, ulong changedAt)
    {
        byte[]? from = [];
        var fill = new ByteBuffer(64);
        do
        {
            fill.Clear();
            ExpiryCommand.FillExpiry(fill, tableId, changedAt, from);
            Answer answer = await steps.StepAsync(group, fill.WrittenMemory);
            from = answer.IsDone ? ExpiryCommand.TryReadFilled(answer.Body.Span) : null;
        }
        while (from is { Length: > 0 } && !steps.Stopping.IsCancellationRequested);
        return from is { Length: 0 };
    }

    private Task<bool> CommitAsync(Action<ByteBuffer> write)
    {
        var command = new ByteBuffer(64);
        write(command);
        return steps.IsDoneAsync(GroupId.Control, command.WrittenMemory);
    }
}

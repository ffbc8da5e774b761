using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>
/// Carries a global index of a live table on.
/// <code>
///   CREATING: every data group is told of the index, from then on its writes keep it
///             every data group fills in what it had before
///             every data group has sent what that came to                              -> ACTIVE
///   DELETING: every data group is told that the index is gone, from then on its writes leave it alone and it takes nothing in
///             every data group deletes the entries it has                              -> gone
/// </code>
/// </summary>
internal sealed class IndexLifecycle(GroupSteps steps, OutboxDuty outbox)
{
    /// <summary>So often sending may come no further before the index is left to a later sweep.</summary>
    private const int SendAttemptsMax = 20;

    /// <summary>Does all that there is to do; false: something is left to a later sweep.</summary>
    public async Task<bool> CarryAsync(TableDescription row)
    {
        var register = new ByteBuffer(256);
        TableCommand.RegisterTable(register, row.Schema);
        if (!await steps.ForEachGroupAsync(group => steps.IsDoneAsync(group, register.WrittenMemory)))
        {
            return false;
        }

        bool isDone = true;
        foreach (TableIndex index in row.Indexes)
        {
            isDone &= index.Status switch
            {
                IndexStatus.Creating => await FillAsync(row, index.Shape),
                IndexStatus.Deleting => await ClearAsync(row, index.Shape),
                IndexStatus.Active or IndexStatus.Updating => true,
            };
        }

        return isDone;
    }

    private async Task<bool> FillAsync(TableDescription row, IndexShape index)
    {
        var last = new Dictionary<GroupId, LogIndex>();
        return await steps.ForEachGroupAsync(async group => await FillAsync(group, row, index) is { } position && last.TryAdd(group, position))
            && await steps.ForEachGroupAsync(group => HasSentAsync(group, last.GetValueOrDefault(group)))
            && await SettleAsync(row, index, isRemoval: false);
    }

    /// <summary>Fills in a group; the last position that left something to send, null when it could not be done.</summary>
    private async Task<LogIndex?> FillAsync(GroupId group, TableDescription row, IndexShape index)
    {
        var fill = new ByteBuffer(32);
        TableCommand.BackfillIndex(fill, row.Id, index.Id);
        while (!steps.Stopping.IsCancellationRequested)
        {
            Answer answer = await steps.StepAsync(group, fill.WrittenMemory);
            if (!answer.IsDone || FillAnswer.TryRead(answer.Body.Span) is not { } step)
            {
                return null;
            }

            if (step.IsFilled)
            {
                return step.Last;
            }

            if (step.IsWaiting && await outbox.SendNextAsync(group, steps.Stopping) is null)
            {
                await outbox.RestAsync(steps.Stopping);
            }
        }

        return null;
    }

    /// <summary>Sees to it that a group has sent all up to a position.</summary>
    private async Task<bool> HasSentAsync(GroupId group, LogIndex last)
    {
        var query = new ByteBuffer(32);
        TableCommand.ReadOutbox(query, OutboxNumber.None, bytesMax: 1);
        for (int attempt = 0; attempt < SendAttemptsMax && !steps.Stopping.IsCancellationRequested; attempt++)
        {
            Answer answer = await steps.ReadAsync(group, query.WrittenMemory);
            if (!answer.IsDone || OutboxPage.TryDecode(answer.Body) is not { } page)
            {
                return false;
            }

            if (page.Entries.Count == 0 || page.Entries[0].Number.Position > last)
            {
                return true;
            }

            if (await outbox.SendNextAsync(group, steps.Stopping) is not null)
            {
                attempt = 0;
            }
            else
            {
                await outbox.RestAsync(steps.Stopping);
            }
        }

        return false;
    }

    private async Task<bool> ClearAsync(TableDescription row, IndexShape index)
    {
        var clear = new ByteBuffer(32);
        TableCommand.ClearIndex(clear, row.Id, index.Id);
        return await steps.ForEachGroupAsync(group => steps.RepeatAsync(group, clear.WrittenMemory))
            && await SettleAsync(row, index, isRemoval: true);
    }

    private Task<bool> SettleAsync(TableDescription row, IndexShape index, bool isRemoval)
    {
        var settle = new ByteBuffer(64);
        TableCommand.SettleIndex(settle, row.Name, row.Id, index.Id, isRemoval);
        return steps.IsDoneAsync(GroupId.Control, settle.WrittenMemory);
    }
}

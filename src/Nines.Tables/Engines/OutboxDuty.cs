using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>
/// Sends what changes of a group's items mean for global indexes to the groups that have the entries: reads the head of the outbox,
/// sends every group its part, and has the head deleted when all have taken theirs in. Why a part may come twice, late, or from two
/// nodes at once is told at <see cref="IndexShipping"/>.
/// </summary>
internal sealed class OutboxDuty(IReplicated replicated, TimeProvider time) : IGroupDuty
{
    /// <summary>
    /// What is sent at once costs a command in each group it goes to, whether it is one change or a thousand. After little was sent, more may
    /// gather for this long; it is most of what an index lags behind.
    /// </summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(25);

    /// <summary>So many changes are worth to be sent without waiting for more.</summary>
    private const int EntriesEnough = 256;

    private const int PageBytesMax = 256 << 10;
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How far behind what it sends is.</summary>
    public OutboxLag Lag { get; } = new(replicated, time);

    /// <inheritdoc/>
    public async ValueTask<bool> RunAsync(GroupId group, CancellationToken stop)
    {
        OutboxPage? sent = await SendNextAsync(group, stop);
        if (sent is { Entries.Count: < EntriesEnough, More: false })
        {
            await RestAsync(stop);
        }

        return sent is { More: true };
    }

    /// <summary>Sends the head of a group's outbox; null: there is none, or not all of it was taken in.</summary>
    public async ValueTask<OutboxPage?> SendNextAsync(GroupId group, CancellationToken stop)
    {
        if (stop.IsCancellationRequested || await ReadAsync(group) is not { } page)
        {
            return null;
        }

        Lag.Looked(group, page.Entries.Count > 0 ? page : null);
        if (page.Entries.Count == 0)
        {
            return null;
        }

        Task<bool>[] sends = [.. PartsOf(page).Select(part => SendAsync(group, part.Key, part.Value))];
        bool[] taken = await Task.WhenAll(sends);
        bool isTaken = Array.TrueForAll(taken, static t => t) || Planted.Is(PlantedBug.IndexUpdateLost);
        if (!isTaken || !await TrimAsync(group, page.Entries[^1].Number))
        {
            return null;
        }

        Lag.Sent(group, page);
        return page;
    }

    /// <summary>Lets time pass, or less when it is told to stop.</summary>
    public async ValueTask RestAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(GatherFor, time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop: whoever waits looks at that next.
        }
    }

    private async Task<OutboxPage?> ReadAsync(GroupId group)
    {
        // Any state of the group will do: each has all that is to be sent up to its last entry, but for what was taken in already.
        var query = new ByteBuffer(32);
        TableCommand.ReadOutbox(query, OutboxNumber.None, PageBytesMax);
        Answer answer = await replicated.ReadAsync(
            group, TablesMachine.MachineId, Consistency.Eventual, LogIndex.Zero, query.WrittenMemory, StepTimeout);
        return answer.IsDone ? OutboxPage.TryDecode(answer.Body) : null;
    }

    /// <summary>What each group is to get, in the order it happened.</summary>
    private Dictionary<GroupId, List<(OutboxNumber Number, OutboxEntry Entry)>> PartsOf(OutboxPage page)
    {
        var parts = new Dictionary<GroupId, List<(OutboxNumber, OutboxEntry)>>();
        foreach ((OutboxNumber number, OutboxEntry entry) in page.Entries)
        {
            foreach (IGrouping<GroupId, IndexEdit> edits in entry.Edits.GroupBy(e => replicated.GroupOf(Keyspace.SlotOf(e.Place))))
            {
                if (!parts.TryGetValue(edits.Key, out List<(OutboxNumber, OutboxEntry)>? part))
                {
                    parts[edits.Key] = part = [];
                }

                part.Add((number, entry with { Edits = [.. edits] }));
            }
        }

        return parts;
    }

    private async Task<bool> SendAsync(GroupId source, GroupId target, List<(OutboxNumber Number, OutboxEntry Entry)> part)
    {
        var command = new ByteBuffer(4096);
        new IndexBatch(source, part).Encode(command);
        Answer answer = await WriteAsync(target, command);
        if (answer.IsDone && TableAnswer.TryReadUnknown(answer.Body.Span) is { } tableId && await TellAsync(source, target, tableId))
        {
            answer = await WriteAsync(target, command);
        }

        return answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.Done;
    }

    /// <summary>Tells a group of a table, or of an index, that it was not told of yet.</summary>
    private async Task<bool> TellAsync(GroupId source, GroupId target, ulong tableId)
    {
        var query = new ByteBuffer(16);
        TableCommand.ReadShape(query, tableId);
        Answer answer = await replicated.ReadAsync(
            source, TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query.WrittenMemory, StepTimeout);
        if (!answer.IsDone || TableAnswer.TryReadShape(answer.Body) is not { } shape)
        {
            return false;
        }

        var register = new ByteBuffer(256);
        TableCommand.RegisterTable(register, tableId, shape);
        return (await WriteAsync(target, register)).IsDone;
    }

    private async Task<bool> TrimAsync(GroupId group, OutboxNumber upTo)
    {
        var command = new ByteBuffer(16);
        TableCommand.TrimOutbox(command, upTo);
        Answer answer = await WriteAsync(group, command);
        return answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.Done;
    }

    private ValueTask<Answer> WriteAsync(GroupId group, ByteBuffer command) =>
        replicated.WriteAsync(group, TablesMachine.MachineId, replicated.NewId(), command.WrittenMemory, StepTimeout);
}

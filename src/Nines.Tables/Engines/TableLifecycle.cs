using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>
/// Carries tables from CREATING to ACTIVE and from DELETING to gone: registers or drops a table in every data group, then commits
/// the next state in the control group. All steps are idempotent commands, so it does not matter who takes them, how often, or where
/// somebody before stopped. The node that took the client's request begins at once; every node sweeps now and then and takes
/// over what it has seen waiting twice in a row.
/// </summary>
internal sealed class TableLifecycle(IReplicated replicated, TimeProvider time, TimeSpan sweepEvery) : IAsyncDisposable
{
    private const int StepAttemptsMax = 4;
    private const int GroupPassesMax = 4;
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<ulong, Task> _carried = new();
    private Task _sweeping = Task.CompletedTask;

    public void Start() => _sweeping = SweepAsync();

    /// <summary>Carries a table on, unless this node already does.</summary>
    public void Carry(TableDescription row)
    {
        if (_stopping.IsCancellationRequested || row.Status is not (TableStatus.Creating or TableStatus.Deleting))
        {
            return;
        }

        var begun = new TaskCompletionSource();
        if (_carried.TryAdd(row.Id, begun.Task))
        {
            _ = CarryAsync(row, begun);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sweeping;
        await Task.WhenAll(_carried.Values);
        _stopping.Dispose();
    }

    private async Task CarryAsync(TableDescription row, TaskCompletionSource ended)
    {
        try
        {
            // Whatever remains undone here is found by a later sweep.
            _ = row.Status == TableStatus.Creating ? await ActivateAsync(row) : await RemoveAsync(row);
        }
        finally
        {
            _carried.TryRemove(row.Id, out _);
            ended.SetResult();
        }
    }

    private async Task<bool> ActivateAsync(TableDescription row)
    {
        var register = new ByteBuffer(64);
        TableCommand.RegisterTable(register, row.Schema);
        return await ForEachGroupAsync(group => IsDoneAsync(group, register.WrittenMemory))
            && await CommitAsync(row, TableCommand.ActivateTable);
    }

    private async Task<bool> RemoveAsync(TableDescription row)
    {
        var drop = new ByteBuffer(16);
        TableCommand.DropTable(drop, row.Id);
        return await ForEachGroupAsync(async group =>
        {
            while (true)
            {
                Answer answer = await StepAsync(group, drop.WrittenMemory);
                bool? more = answer.IsDone ? TableAnswer.TryReadMore(answer.Body.Span) : null;
                if (more != true)
                {
                    return more == false;
                }
            }
        }) && await CommitAsync(row, TableCommand.ForgetTable);
    }

    private async Task<bool> CommitAsync(TableDescription row, Action<ByteBuffer, string, ulong> write)
    {
        var command = new ByteBuffer(64);
        write(command, row.Name, row.Id);
        return await IsDoneAsync(GroupId.Control, command.WrittenMemory);
    }

    private async Task<bool> IsDoneAsync(GroupId group, ReadOnlyMemory<byte> command)
    {
        Answer answer = await StepAsync(group, command);
        return answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.Done;
    }

    /// <summary>Goes over all data groups, and over those that appeared meanwhile because a group was split.</summary>
    private async Task<bool> ForEachGroupAsync(Func<GroupId, Task<bool>> step)
    {
        var done = new HashSet<GroupId>();
        for (int pass = 0; pass < GroupPassesMax; pass++)
        {
            int before = done.Count;
            foreach (GroupId group in replicated.Groups.ToArray())
            {
                if (!done.Contains(group))
                {
                    if (_stopping.IsCancellationRequested || !await step(group))
                    {
                        return false;
                    }

                    done.Add(group);
                }
            }

            if (done.Count == before)
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<Answer> StepAsync(GroupId group, ReadOnlyMemory<byte> command)
    {
        RequestId id = replicated.NewId();
        Answer answer = default;
        for (int attempt = 0; attempt < StepAttemptsMax && !_stopping.IsCancellationRequested; attempt++)
        {
            answer = await replicated.WriteAsync(group, TablesMachine.MachineId, id, command, StepTimeout);
            if (answer.IsDone)
            {
                return answer;
            }
        }

        return answer.IsDone ? new Answer { Outcome = Outcome.NotDone } : answer;
    }

    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(sweepEvery, time);
        var query = new ByteBuffer(8);
        TableCommand.PendingTables(query);
        var seen = new HashSet<(ulong, TableStatus)>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                Answer answer = await replicated.ReadAsync(
                    GroupId.Control, TablesMachine.MachineId, Consistency.Eventual, LogIndex.Zero, query.WrittenMemory, StepTimeout);
                List<TableDescription> rows = answer.IsDone ? TableAnswer.TryReadRows(answer.Body.Span) ?? [] : [];
                rows.FindAll(row => seen.Contains((row.Id, row.Status))).ForEach(Carry);
                seen = [.. rows.Select(row => (row.Id, row.Status))];
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}

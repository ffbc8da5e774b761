using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>
/// Carries tables from CREATING to ACTIVE and from DELETING to gone: registers or drops a table in every data group, then commits
/// the next state in the control group. All steps are idempotent commands, so it does not matter who takes them, how often, or where
/// somebody before stopped. The node that took the client's request begins at once; every node sweeps now and then and takes
/// over what it has seen waiting twice in a row. Changes of a live table that every group must know are carried on likewise.
/// </summary>
internal sealed class TableLifecycle : IAsyncDisposable
{
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    private readonly IReplicated _replicated;
    private readonly TimeProvider _time;
    private readonly TimeSpan _sweepEvery;
    private readonly CancellationTokenSource _stopping = new();
    private readonly GroupSteps _steps;
    private readonly ShapeLifecycle _shapes;
    private readonly IndexLifecycle _indexes;
    private readonly ConcurrentDictionary<Pending, Task> _carried = new();
    private Task _sweeping = Task.CompletedTask;

    public TableLifecycle(IReplicated replicated, TimeProvider time, TimeSpan sweepEvery, OutboxDuty outbox)
    {
        _replicated = replicated;
        _time = time;
        _sweepEvery = sweepEvery;
        _steps = new GroupSteps(replicated, _stopping.Token);
        _shapes = new ShapeLifecycle(_steps);
        _indexes = new IndexLifecycle(_steps, outbox);
    }

    public void Start() => _sweeping = SweepAsync();

    /// <summary>Carries a table on, unless this node already does.</summary>
    public void Carry(TableDescription row)
    {
        if (_stopping.IsCancellationRequested || !row.IsPending)
        {
            return;
        }

        var begun = new TaskCompletionSource();
        if (_carried.TryAdd(Pending.Of(row), begun.Task))
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
            _ = row.Status switch
            {
                TableStatus.Creating => await ActivateAsync(row),
                TableStatus.Deleting => await RemoveAsync(row),
                TableStatus.Active or TableStatus.Updating => await ChangeAsync(row),
            };
        }
        finally
        {
            _carried.TryRemove(Pending.Of(row), out _);
            ended.SetResult();
        }
    }

    private async Task<bool> ActivateAsync(TableDescription row)
    {
        var register = new ByteBuffer(64);
        TableCommand.RegisterTable(register, row.Schema);
        return await _steps.ForEachGroupAsync(group => _steps.IsDoneAsync(group, register.WrittenMemory))
            && await CommitAsync(row, TableCommand.ActivateTable);
    }

    private async Task<bool> ChangeAsync(TableDescription row)
    {
        bool isReshaped = row.Status == TableStatus.Updating || row.TimeToLive is { IsChanging: true };
        bool isDone = !isReshaped || await _shapes.CarryAsync(row);
        return (!row.HasPendingIndex || await _indexes.CarryAsync(row)) && isDone;
    }

    private async Task<bool> RemoveAsync(TableDescription row)
    {
        var drop = new ByteBuffer(16);
        TableCommand.DropTable(drop, row.Id);
        return await _steps.ForEachGroupAsync(group => _steps.RepeatAsync(group, drop.WrittenMemory))
            && await CommitAsync(row, TableCommand.ForgetTable);
    }

    private async Task<bool> CommitAsync(TableDescription row, Action<ByteBuffer, string, ulong> write)
    {
        var command = new ByteBuffer(64);
        write(command, row.Name, row.Id);
        return await _steps.IsDoneAsync(GroupId.Control, command.WrittenMemory);
    }

    /// <summary>A table with what is to be done about it.</summary>
    private readonly record struct Pending(ulong Id, TableStatus Status, ulong Revision, TimeToLiveStatus? TimeToLive)
    {
        public static Pending Of(TableDescription row) => new(row.Id, row.Status, row.Revision, row.TimeToLive?.Status);
    }

    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(_sweepEvery, _time);
        var query = new ByteBuffer(8);
        TableCommand.PendingTables(query);
        var seen = new HashSet<Pending>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                Answer answer = await _replicated.ReadAsync(
                    GroupId.Control, TablesMachine.MachineId, Consistency.Eventual, LogIndex.Zero, query.WrittenMemory, StepTimeout);
                List<TableDescription> rows = answer.IsDone ? TableAnswer.TryReadRows(answer.Body.Span) ?? [] : [];
                rows.FindAll(row => seen.Contains(Pending.Of(row))).ForEach(Carry);
                seen = [.. rows.Select(Pending.Of)];
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}

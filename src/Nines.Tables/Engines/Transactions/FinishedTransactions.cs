using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;

namespace Nines.Tables.Engines.Transactions;

/// <summary>
/// Transactions whose every part has ended, gathered so that one command tells the deciding group of many. What is lost here with the node
/// is found by the deciding group's leader, which asks the parts again.
/// </summary>
internal sealed class FinishedTransactions(IReplicated replicated, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TellTimeout = TimeSpan.FromSeconds(5);

    /// <summary>More wait for no group: the leader finds those by itself.</summary>
    private const int WaitingMax = 16 * 1024;

    private readonly ConcurrentDictionary<GroupId, ConcurrentQueue<TransactionId>> _waiting = new();
    private ITimer? _timer;
    private Task _telling = Task.CompletedTask;

    public void Start() => _timer = time.CreateTimer(_ => Tell(), null, TellEvery, TellEvery);

    public void Add(GroupId decider, TransactionId id)
    {
        ConcurrentQueue<TransactionId> waiting = _waiting.GetOrAdd(decider, static _ => new());
        if (waiting.Count < WaitingMax)
        {
            waiting.Enqueue(id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        await _telling;
    }

    private void Tell()
    {
        if (_telling.IsCompleted)
        {
            _telling.GetAwaiter().GetResult();
            _telling = TellAsync();
        }
    }

    private async Task TellAsync()
    {
        foreach (GroupId decider in _waiting.Keys.OrderBy(static group => group.Value).ToArray())
        {
            var ids = new List<TransactionId>();
            while (ids.Count < TransactionCommand.FinishedMax && _waiting[decider].TryDequeue(out TransactionId id))
            {
                ids.Add(id);
            }

            if (ids.Count > 0)
            {
                var command = new ByteBuffer(1024);
                TransactionCommand.Finish(command, ids);
                await replicated.WriteAsync(decider, TablesMachine.MachineId, RequestId.None, command.WrittenMemory, TellTimeout);
            }
        }
    }
}

using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>
/// Deletes items whose time has come, in the groups this node leads. Looks at the head of a group's queue about once a second; only when
/// something is due by this node's clock a command goes through the log, and what it deletes the group decides by its own clock.
/// </summary>
internal sealed class ExpiryDuty(IReplicated replicated, TimeProvider time) : IGroupDuty
{
    /// <summary>How many due entries of one group are counted at most.</summary>
    public const int BacklogMax = 10_000;

    /// <summary>Commands that leave other work behind signal the duties far more often than this.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<GroupId, Seen> _seen = new();

    /// <summary>What was due in a group when it was looked at, and whether there is more to do at once.</summary>
    private readonly record struct Seen(long LookedAt, int Due, bool GoesOn);

    /// <summary>Items that were due when last looked at, over the groups this node leads now.</summary>
    public long Backlog => _seen.Where(seen => replicated.Leads(seen.Key)).Sum(static seen => (long)seen.Value.Due);

    public async ValueTask<bool> RunAsync(GroupId group, CancellationToken stop)
    {
        bool isFresh = _seen.TryGetValue(group, out Seen seen) && time.GetElapsedTime(seen.LookedAt) < LookEvery;
        if (!isFresh)
        {
            seen = new Seen(time.GetTimestamp(), await CountAsync(group), GoesOn: true);
        }

        bool isSent = seen is { GoesOn: true, Due: > 0 };
        bool more = isSent && await ExpireAsync(group);
        if (isSent && !more)
        {
            seen = seen with { Due = await CountAsync(group) };
        }

        _seen[group] = seen with { GoesOn = more };
        return more;
    }

    /// <summary>One command; true: more is due.</summary>
    private async ValueTask<bool> ExpireAsync(GroupId group)
    {
        var expire = new ByteBuffer(4);
        ExpiryCommand.ExpireItems(expire);
        Answer answer = await replicated.WriteAsync(
            group, TablesMachine.MachineId, RequestId.None, expire.WrittenMemory, StepTimeout);
        return answer.IsDone && ExpiryCommand.TryReadExpired(answer.Body.Span) == true;
    }

    /// <summary>This replica's own state is good enough: what it does not show yet is due a second later as well.</summary>
    private async ValueTask<int> CountAsync(GroupId group)
    {
        var query = new ByteBuffer(16);
        ExpiryCommand.DueItems(query, time.GetUtcNow().ToUnixTimeSeconds(), BacklogMax);
        Answer answer = await replicated.ReadAsync(
            group, TablesMachine.MachineId, Consistency.Eventual, LogIndex.Zero, query.WrittenMemory, StepTimeout);
        return answer.IsDone ? ExpiryCommand.TryReadDue(answer.Body.Span) ?? 0 : 0;
    }
}

using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>How far global indexes lag behind the items of the groups that this node leads.</summary>
internal sealed class OutboxLag(IReplicated replicated, TimeProvider time)
{
    /// <summary>What was measured longer ago says nothing of now.</summary>
    private const long KeptMs = 10_000;

    private readonly ConcurrentDictionary<GroupId, Seen> _seen = new();

    /// <summary>Of one group: what waits and since when, and what the last sending measured, and when.</summary>
    private readonly record struct Seen(long Waiting, long OldestMs, long SentLagMs, long SentAtMs);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Over all groups: how many changes wait, and the lag in milliseconds.</summary>
    public (long Waiting, long LagMs) Total
    {
        get
        {
            long now = NowMs;
            long waiting = 0;
            long lag = 0;
            foreach ((GroupId group, Seen seen) in _seen)
            {
                if (replicated.Leads(group))
                {
                    waiting += seen.Waiting;
                    lag = Math.Max(lag, seen.Waiting > 0 ? now - seen.OldestMs : now - seen.SentAtMs <= KeptMs ? seen.SentLagMs : 0);
                }
            }

            return (waiting, lag);
        }
    }

    /// <summary>The outbox was looked at; null: it is empty.</summary>
    public void Looked(GroupId group, OutboxPage? page)
    {
        if (page is not null)
        {
            Seen before = _seen.GetValueOrDefault(group);
            _seen[group] = before with { Waiting = page.Waiting, OldestMs = page.Entries[0].Entry.TimeMs };
        }
        else if (_seen.TryGetValue(group, out Seen seen))
        {
            _seen[group] = seen with { Waiting = 0 };
        }
    }

    /// <summary>A page of it was taken in everywhere.</summary>
    public void Sent(GroupId group, OutboxPage page)
    {
        long now = NowMs;
        long left = page.Waiting - page.Entries.Count;
        _seen[group] = new Seen(left, page.Entries[^1].Entry.TimeMs, Math.Max(0, now - page.Entries[0].Entry.TimeMs), now);
    }
}

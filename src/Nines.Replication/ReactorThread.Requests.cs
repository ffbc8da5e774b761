using System.Runtime.CompilerServices;
using Nines.Kernel;
using Nines.Replication.Requests;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>The door side: requests are counted against their bounds, handed to the reactor, and awaited without a thread.</summary>
public sealed partial class ReactorThread
{
    private long _pendingBytes;
    private int _pending;

    public IReadOnlyList<GroupId> Groups => Reactor.Map.DataGroups;

    public GroupId GroupOf(int slot) => Reactor.Map.GroupOf(slot);

    public RequestId NewId() => _ids.Next();

    public bool Leads(GroupId group) => Reactor.Leads(group);

    public void Listen(byte machine, IAppliedListener listener) => Reactor.Listen(machine, listener);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer> WriteAsync(
        GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout)
    {
        if (!TryAdmit(command.Length))
        {
            return Overloaded(group);
        }

        // Copied here and not when the reactor gets to it: the caller may use its buffer again as soon as this call returns.
        AwaitableRequest request = Prepare(group, machine, command.ToArray(), timeout);
        request.IsWrite = true;
        request.Id = id == RequestId.None ? NewId() : id;
        Enqueue(new() { Request = request });
        ReadTicket ticket = await request.Task;
        Leave(command.Length);
        return ticket.Answer;
    }

    public ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        // Weak reads that this node can answer at once never meet the reactor.
        if (consistency != Consistency.Strong && Reactor.TryReadHere(group, machine, consistency, notBefore, out ReadTicket ticket))
        {
            return new(Run(ticket, query));
        }

        return ReadThroughReactorAsync(group, machine, consistency, notBefore, query, timeout);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> ReadThroughReactorAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        if (!TryAdmit(query.Length))
        {
            return Overloaded(group);
        }

        AwaitableRequest request = Prepare(group, machine, query, timeout);
        request.IsWrite = false;
        request.Consistency = consistency;
        request.NotBefore = notBefore;
        request.Id = RequestId.None;
        Enqueue(new() { Request = request });
        ReadTicket ticket = await request.Task;
        Leave(query.Length);
        return Run(ticket, query);
    }

    /// <summary>Runs the query on the caller's thread when the reactor only settled which state it may see.</summary>
    private Answer Run(in ReadTicket ticket, ReadOnlyMemory<byte> query)
    {
        if (ticket.State is null || ticket.Machine is null)
        {
            return ticket.Answer;
        }

        ByteBuffer buffer = QueryBuffer.Take();
        try
        {
            ticket.Machine.Query(query, new MachineReader(ticket.State, ticket.Machine.Id), buffer);
            long staleness = ticket.FreshAtMs < 0 ? ticket.Answer.StalenessMs : SteadyMs() + 1 - ticket.FreshAtMs;
            return ticket.Answer with { Body = buffer.ToArray(), StalenessMs = staleness };
        }
        catch (DamagedException damage)
        {
            GroupId group = ticket.Answer.Group;
            Post(reactor => reactor.ReportDamage(group, damage.Message));
            return new() { Outcome = Outcome.NotDone, Reason = Reason.Unavailable, Group = group, RetryAfterMs = 200 };
        }
        finally
        {
            (ticket.State as IDisposable)?.Dispose();
        }
    }

    /// <summary>Runs a query on a state that the caller keeps; null when that cannot be done.</summary>
    internal Answer? TryQuery(StoreView view, byte machine, GroupId group, ReadOnlyMemory<byte> query, long freshAtMs)
    {
        if (Reactor.RulesOf(machine) is not { } rules)
        {
            return null;
        }

        ByteBuffer buffer = QueryBuffer.Take();
        try
        {
            rules.Query(query, new MachineReader(view, rules.Id), buffer);
            long staleness = freshAtMs < 0 ? -1 : SteadyMs() + 1 - freshAtMs;
            return new Answer { Group = group, Position = view.Applied, StalenessMs = staleness, Body = buffer.ToArray() };
        }
        catch (DamagedException damage)
        {
            Post(reactor => reactor.ReportDamage(group, damage.Message));
            return null;
        }
    }

    private AwaitableRequest Prepare(GroupId group, byte machine, ReadOnlyMemory<byte> body, TimeSpan timeout)
    {
        AwaitableRequest request = AwaitableRequest.Take(_completions);
        request.Group = group;
        request.Machine = machine;
        request.Body = body;
        request.TimeoutTicks = Math.Max(1, (long)(timeout.TotalMilliseconds / _options.TickMs));
        return request;
    }

    private bool TryAdmit(int bytes)
    {
        if (Interlocked.Increment(ref _pending) > _options.MaxRequests)
        {
            Interlocked.Decrement(ref _pending);
            return false;
        }

        if (Interlocked.Add(ref _pendingBytes, bytes) > _options.MaxRequestBytes)
        {
            Leave(bytes);
            return false;
        }

        return true;
    }

    private void Leave(int bytes)
    {
        Interlocked.Decrement(ref _pending);
        Interlocked.Add(ref _pendingBytes, -bytes);
    }

    private static Answer Overloaded(GroupId group) =>
        new() { Outcome = Outcome.NotDone, Reason = Reason.Overloaded, Group = group, RetryAfterMs = 50 };

    private static class QueryBuffer
    {
        [ThreadStatic]
        private static ByteBuffer? t_buffer;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ByteBuffer Take()
        {
            ByteBuffer buffer = t_buffer ??= new(4096);
            buffer.Clear();
            return buffer;
        }
    }
}

using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Requests;
using Nines.Storage.Store;

namespace Nines.Simulation;

/// <summary>
/// What the product's shell is to the doors, on the simulator's thread: requests go to the reactor, answers are handed out after its turn,
/// and whatever awaits them goes on there and then.
/// </summary>
internal sealed class SimulatedReplicated(Reactor reactor, Prng random, Action scheduleTurn, Func<long> steadyMs) : IReplicated
{
    private const int TickMs = 25;

    private readonly Queue<Pending> _completed = new();

    public IReadOnlyList<GroupId> Groups => reactor.Map.DataGroups;

    public GroupId GroupOf(int slot) => reactor.Map.GroupOf(slot);

    public RequestId NewId() => new(new UInt128(random.Next(), random.Next()));

    public bool Leads(GroupId group) => reactor.Leads(group);

    public void Listen(byte machine, IAppliedListener listener) => reactor.Listen(machine, listener);

    public ValueTask<Answer> WriteAsync(
        GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout) => Submit(new Pending(this)
        {
            Group = group,
            Machine = machine,
            IsWrite = true,
            Id = id == RequestId.None ? NewId() : id,
            Body = command.ToArray(),
            TimeoutTicks = TicksOf(timeout),
        });

    public ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout) =>
        Submit(new Pending(this)
        {
            Group = group,
            Machine = machine,
            Consistency = consistency,
            NotBefore = consistency == Consistency.Sequential ? notBefore : LogIndex.Zero,
            Body = query.ToArray(),
            TimeoutTicks = TicksOf(timeout),
        });

    /// <summary>Hands out the answers there are.</summary>
    public void Flush()
    {
        while (_completed.TryDequeue(out Pending? pending))
        {
            pending.Deliver();
        }
    }

    private ValueTask<Answer> Submit(Pending request)
    {
        reactor.Submit(request);
        scheduleTurn();
        return new(request.Task);
    }

    private static long TicksOf(TimeSpan timeout) => Math.Max(1, (long)timeout.TotalMilliseconds / TickMs);

    private sealed class Pending(SimulatedReplicated owner) : Request
    {
        // Whoever waits goes on inside SetResult: on this thread, and so in an order that the seed decides.
        private readonly TaskCompletionSource<Answer> _answer = new();
        private Answer _given;
        private IOrderedReader? _state;
        private IStateMachine? _machine;

        public Task<Answer> Task => _answer.Task;

        protected override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine)
        {
            _given = answer with { Body = answer.Body.ToArray() };
            _state = state;
            _machine = machine;
            owner._completed.Enqueue(this);
        }

        public void Deliver() => _answer.SetResult(_state is null || _machine is null ? _given : Queried());

        private Answer Queried()
        {
            var body = new ByteBuffer();
            try
            {
                _machine!.Query(Body, new MachineReader(_state!, _machine.Id), body);
                long staleness = FreshAtMs < 0 ? _given.StalenessMs : owner.Steady() + 1 - FreshAtMs;
                return _given with { Body = body.ToArray(), StalenessMs = staleness };
            }
            catch (DamagedException damage)
            {
                owner.Report(_given.Group, damage.Message);
                return new Answer { Outcome = Outcome.NotDone, Reason = Reason.Unavailable, Group = _given.Group };
            }
            finally
            {
                (_state as IDisposable)?.Dispose();
            }
        }
    }

    private long Steady() => steadyMs();

    private void Report(GroupId group, string damage) => reactor.ReportDamage(group, damage);
}

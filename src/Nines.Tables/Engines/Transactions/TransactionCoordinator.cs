using Nines.Kernel;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines.Transactions;

/// <summary>How an attempt at a transaction ended.</summary>
/// <param name="Answer">What was decided; null when a group could not say.</param>
/// <param name="Error">Why there is no answer: the groups' own words.</param>
/// <param name="Certificate">What became of it.</param>
internal readonly record struct AttemptEnd(TransactionAnswer? Answer, TableError? Error, Certificate Certificate)
{
    /// <summary>A group does not know one of the tables.</summary>
    public GroupId? UnknownTableIn { get; init; }

    /// <summary>The answers that were observed of the groups which did something: what a session has seen.</summary>
    public IReadOnlyList<Answer> Seen { get; init; } = [];
}

/// <summary>
/// Two-phase commit over groups, each of which is replicated (decision 12). All parts are prepared at once; when all can be done, the deciding
/// group is told, and from then on the transaction is done; then the parts are ended. The coordinator keeps nothing: when it is lost at
/// any step, whoever finds a lock asks the deciding group, which gives the attempt up unless it is decided, and ends the part accordingly.
/// </summary>
internal sealed class TransactionCoordinator(IReplicated replicated, FinishedTransactions finished)
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A transaction of one group: one command.</summary>
    public async ValueTask<AttemptEnd> TransactAsync(
        TransactionId id, TransactionFlags flags, RequestId request, TransactionParts parts, Deadline deadline)
    {
        GroupPart part = parts.Parts[0];
        ByteBuffer command = BufferPool.Shared.Rent();
        TransactionCommand.Transact(command, id, flags, parts.Fingerprint, part.Operations);
        ValueTask<Answer> answer = WriteAsync(part.Group, request, command, deadline.Left);
        BufferPool.Shared.Return(command);
        return End(await answer);
    }

    /// <summary>A transaction of several groups.</summary>
    public async ValueTask<AttemptEnd> TransactAsync(TransactionId id, TransactionFlags flags, TransactionParts parts, Deadline deadline)
    {
        GroupPart[] groups = [.. parts.Parts];
        Answer[] prepared = await Task.WhenAll(groups.Select(part =>
        {
            var command = new ByteBuffer(512);
            TransactionCommand.Prepare(command, id, flags & TransactionFlags.Measured, part.Operations);
            return WriteAsync(part.Group, RequestId.None, command, deadline.Left).AsTask();
        }));
        AttemptEnd together = Combine(parts, groups, prepared);
        if (together.Answer?.Verdict != TransactionVerdict.Done)
        {
            await EndAsync(id, groups.Select(g => g.Group), isCommitted: false);
            return together;
        }

        var decide = new ByteBuffer(64);
        TransactionCommand.Decide(decide, id, parts.Fingerprint, [.. groups.Select(g => g.Group)]);
        GroupId decider = replicated.GroupOf(id.Slot);
        AttemptEnd decided = End(await WriteAsync(decider, RequestId.None, decide, deadline.Left));
        if (decided.Answer is null)
        {
            // Not known, or not reached: the parts stay until somebody asks the deciding group.
            return decided.Certificate.Outcome == Outcome.NotDone
                ? decided with { Certificate = await GiveUpAsync(id, groups, decided.Certificate) }
                : decided;
        }

        bool isCommitted = decided.Answer.Verdict == TransactionVerdict.Done;
        Answer[] ends = await EndAsync(id, groups.Select(g => g.Group), isCommitted);
        if (!isCommitted)
        {
            return decided;
        }

        if (Array.TrueForAll(ends, static end => end.IsDone))
        {
            finished.Add(decider, id);
        }

        return together with { Certificate = decided.Certificate, Seen = ends };
    }

    /// <summary>Whether a token was done, by a strong read of the deciding group; null when it cannot say.</summary>
    public async ValueTask<TransactionAnswer?> FindAsync(UInt128 token, Deadline deadline)
    {
        var query = new ByteBuffer(32);
        TransactionCommand.FindDecision(query, token);
        Answer answer = await replicated.ReadAsync(
            replicated.GroupOf(new TransactionId(token, default).Slot), TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero,
            query.WrittenMemory, deadline.Left);
        return answer.IsDone ? TransactionAnswer.TryRead(answer.Body) : null;
    }

    /// <summary>
    /// Ends a part whose coordinator may be gone: what the deciding group says is done in this group. False: it could not be asked or told.
    /// </summary>
    public async ValueTask<bool> ResolveAsync(TransactionId id, GroupId participant)
    {
        var resolve = new ByteBuffer(64);
        TransactionCommand.Resolve(resolve, id);
        Answer answer = await WriteAsync(replicated.GroupOf(id.Slot), RequestId.None, resolve, EndTimeout);
        TransactionAnswer? decided = answer.IsDone ? TransactionAnswer.TryRead(answer.Body) : null;
        if (decided is null)
        {
            return false;
        }

        Answer[] ends = await EndAsync(id, [participant], decided.Verdict == TransactionVerdict.Done);
        return ends[0].IsDone;
    }

    /// <summary>Tells groups what was decided.</summary>
    public Task<Answer[]> EndAsync(TransactionId id, IEnumerable<GroupId> groups, bool isCommitted)
    {
        var command = new ByteBuffer(64);
        TransactionCommand.End(command, id, isCommitted);
        return Task.WhenAll(groups.Select(group => WriteAsync(group, RequestId.None, command, EndTimeout).AsTask()));
    }

    /// <summary>The decision was certainly not taken, and now it never will be.</summary>
    private async ValueTask<Certificate> GiveUpAsync(TransactionId id, GroupPart[] groups, Certificate certificate)
    {
        await EndAsync(id, groups.Select(g => g.Group), isCommitted: false);
        return certificate;
    }

    /// <summary>What all parts say together: done, when each is; otherwise what stands in the way, operation by operation.</summary>
    private static AttemptEnd Combine(TransactionParts parts, GroupPart[] groups, Answer[] answers)
    {
        var sizes = new (long, long)[parts.Count];
        IReadOnlyList<IndexCost>[]? costs = null;
        var reasons = new CancellationReason[parts.Count];
        Array.Fill(reasons, CancellationReason.None);
        bool isRefused = false;
        bool isUnderWay = false;
        for (int i = 0; i < groups.Length; i++)
        {
            AttemptEnd end = End(answers[i]);
            if (end.Answer is null || end.Answer.Verdict == TransactionVerdict.GivenUp)
            {
                // Nothing was decided, so nothing will be done whatever became of this part.
                return end with { Certificate = end.Certificate with { Outcome = Outcome.NotDone } };
            }

            isUnderWay |= end.Answer.IsUnderWay;
            for (int j = 0; j < groups[i].Places.Count; j++)
            {
                if (end.Answer.Verdict == TransactionVerdict.Refused)
                {
                    isRefused = true;
                    reasons[groups[i].Places[j]] = end.Answer.Reasons[j];
                }
                else if (j < end.Answer.Sizes.Count)
                {
                    sizes[groups[i].Places[j]] = end.Answer.Sizes[j];
                }

                if (j < end.Answer.Costs.Count)
                {
                    costs ??= [.. Enumerable.Repeat<IReadOnlyList<IndexCost>>([], parts.Count)];
                    costs[groups[i].Places[j]] = end.Answer.Costs[j];
                }
            }
        }

        TransactionAnswer together = isRefused
            ? new TransactionAnswer(TransactionVerdict.Refused) { Reasons = reasons, IsUnderWay = isUnderWay }
            : new TransactionAnswer(TransactionVerdict.Done) { Sizes = sizes, Costs = costs ?? [] };
        return new AttemptEnd(together, null, Certificate.Of(answers[0]));
    }

    private static AttemptEnd End(in Answer answer)
    {
        Certificate certificate = Certificate.Of(answer);
        if (Outcomes.ErrorOf(answer) is { } error)
        {
            return new AttemptEnd(null, error, certificate);
        }

        AnswerStatus status = TableAnswer.StatusOf(answer.Body.Span);
        if (status == AnswerStatus.Done && TransactionAnswer.TryRead(answer.Body) is { } read)
        {
            return new AttemptEnd(read, null, certificate) { Seen = [answer] };
        }

        TableError refused = status == AnswerStatus.Damaged ? Outcomes.Damaged()
            : status == AnswerStatus.UnknownTable ? TableError.ResourceNotFound()
            : Outcomes.Malformed();
        return new AttemptEnd(null, refused, certificate with { Outcome = Outcome.NotDone })
        {
            UnknownTableIn = status == AnswerStatus.UnknownTable ? answer.Group : null,
        };
    }

    private ValueTask<Answer> WriteAsync(GroupId group, RequestId id, ByteBuffer command, TimeSpan timeout) =>
        replicated.WriteAsync(group, TablesMachine.MachineId, id, command.WrittenMemory, timeout);
}

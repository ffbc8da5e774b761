using Nines.Kernel;

namespace Nines.Tables.Model.Machine.Transactions;

/// <summary>
/// The deciding group's side: a transaction is done from the moment its decision is in this group's log, and not before. An attempt is
/// either decided or given up, whichever command comes first; the other finds so.
/// </summary>
internal static class DecisionRules
{
    private const int ParticipantsMax = 100;

    public static void Decide(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        UInt128 fingerprint = TransactionCommand.ReadId(ref command);
        if (!TryReadGroups(ref command, out List<GroupId> participants) || !command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TransactionDecision.Find(id.Token, state, context.SessionMs) is { } before)
        {
            if (before.Attempt == id.Attempt)
            {
                TransactionAnswer.WriteDone(answer, [], hasWork: false);
            }
            else
            {
                TransactionAnswer.WriteDoneBefore(answer, before.Fingerprint);
            }

            return;
        }

        if (IsGivenUp(id, state))
        {
            TransactionAnswer.Write(answer, TransactionVerdict.GivenUp);
            return;
        }

        if (!Planted.Is(PlantedBug.CommitRecordLost))
        {
            new TransactionDecision(id.Attempt, fingerprint, context.SessionMs, IsFinished: false).Store(id.Token, state);
        }

        var told = new ByteBuffer(16);
        WriteGroups(told, participants);
        state.Put(TransactionDecision.UnfinishedKeyOf(id), told.Written);
        TransactionAnswer.WriteDone(answer, [], hasWork: false);
    }

    public static void Resolve(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TransactionId id = TransactionId.Read(ref command);
        if (!command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TransactionDecision.Find(id.Token, state, context.SessionMs) is { } decision && decision.Attempt == id.Attempt)
        {
            TransactionAnswer.WriteDone(answer, [], hasWork: false);
            return;
        }

        TransactionDecision.StoreGivenUp(id, context.SessionMs, state);
        TransactionAnswer.Write(answer, TransactionVerdict.GivenUp);
    }

    public static void Finish(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        int count = command.Items(TransactionId.Length);
        var ids = new List<TransactionId>();
        for (int i = 0; i < count && count <= TransactionCommand.FinishedMax; i++)
        {
            ids.Add(TransactionId.Read(ref command));
        }

        if (!command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        foreach (TransactionId id in ids)
        {
            state.Delete(TransactionDecision.UnfinishedKeyOf(id));
            if (TransactionDecision.Find(id.Token, state, sessionMs: 0) is { IsFinished: false } decision && decision.Attempt == id.Attempt)
            {
                (decision with { IsFinished = true }).Store(id.Token, state);
            }
        }

        TransactionAnswer.WriteDone(answer, [], hasWork: false);
    }

    /// <summary>What was decided about a token: done before, or given up as far as this group knows.</summary>
    public static void Find(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        UInt128 token = TransactionCommand.ReadId(ref query);
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
        }
        else if (TransactionDecision.Find(token, state, sessionMs: 0) is { } decision)
        {
            TransactionAnswer.WriteDoneBefore(answer, decision.Fingerprint);
        }
        else
        {
            TransactionAnswer.Write(answer, TransactionVerdict.GivenUp);
        }
    }

    internal static void WriteGroups(ByteBuffer to, IReadOnlyList<GroupId> groups)
    {
        to.Count(groups.Count);
        foreach (GroupId group in groups)
        {
            to.Count(group.Value);
        }
    }

    internal static bool TryReadGroups(ref ByteReader reader, out List<GroupId> groups)
    {
        groups = [];
        int count = reader.Items(1);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            long group = reader.Count();
            groups.Add(new GroupId((int)Math.Min(group, int.MaxValue)));
        }

        return !reader.Failed && count <= ParticipantsMax;
    }

    private static bool IsGivenUp(TransactionId id, IOrderedReader state) => state.TryGet(TransactionDecision.KeyOf(id), out _);
}

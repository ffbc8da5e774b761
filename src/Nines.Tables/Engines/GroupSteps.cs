using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>Idempotent commands to groups, one after another: what a table's life is carried on with.</summary>
internal sealed class GroupSteps(IReplicated replicated, CancellationToken stopping)
{
    private const int StepAttemptsMax = 4;
    private const int GroupPassesMax = 4;
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    public CancellationToken Stopping => stopping;

    /// <summary>Goes over all data groups, and over those that appeared meanwhile because a group was split.</summary>
    public async Task<bool> ForEachGroupAsync(Func<GroupId, Task<bool>> step)
    {
        var done = new HashSet<GroupId>();
        for (int pass = 0; pass < GroupPassesMax; pass++)
        {
            int before = done.Count;
            foreach (GroupId group in replicated.Groups.ToArray())
            {
                if (!done.Contains(group))
                {
                    if (stopping.IsCancellationRequested || !await step(group))
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

    /// <summary>Sends a command until the answer says that nothing more is to do; false: it could not be done.</summary>
    public async Task<bool> RepeatAsync(GroupId group, ReadOnlyMemory<byte> command)
    {
        while (!stopping.IsCancellationRequested)
        {
            Answer answer = await StepAsync(group, command);
            bool? more = answer.IsDone ? TableAnswer.TryReadMore(answer.Body.Span) : null;
            if (more != true)
            {
                return more == false;
            }
        }

        return false;
    }

    public async Task<bool> IsDoneAsync(GroupId group, ReadOnlyMemory<byte> command)
    {
        Answer answer = await StepAsync(group, command);
        return answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.Done;
    }

    public async ValueTask<Answer> StepAsync(GroupId group, ReadOnlyMemory<byte> command)
    {
        RequestId id = replicated.NewId();
        Answer answer = new() { Outcome = Outcome.NotDone };
        for (int attempt = 0; attempt < StepAttemptsMax && !stopping.IsCancellationRequested; attempt++)
        {
            answer = await replicated.WriteAsync(group, TablesMachine.MachineId, id, command, StepTimeout);
            if (answer.IsDone)
            {
                return answer;
            }
        }

        return answer;
    }

    public ValueTask<Answer> ReadAsync(GroupId group, ReadOnlyMemory<byte> query) => replicated.ReadAsync(
        group, TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query, StepTimeout);
}

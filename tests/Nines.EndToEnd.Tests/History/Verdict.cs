using System.Globalization;

namespace Nines.EndToEnd.Tests.History;

/// <summary>What the checks of a history found, and what the history consists of: one that says too little proves nothing.</summary>
internal sealed class Verdict
{
    /// <summary>Rules of docs/testing.md for a run that counts.</summary>
    public const double MaxUnknown = 0.2;

    public const int MinReadsOfWrittenValues = 1000;

    private const int MaxFindings = 12;

    private readonly List<string> _findings = [];

    private Verdict(IReadOnlyList<Observation> history)
    {
        Operations = history.Count;
        AcknowledgedWrites = history.Count(o => o.IsAcknowledgedWrite);
        ReadsOfWrittenValues = history.Count(o => o is { Act: Act.Get, End: End.Done, Seen: not 0 });
        Unknown = history.Count(o => o.End == End.Unknown);
        Resent = history.Count(o => o.Attempts > 1 && o.IsAnswered);
        Nodes = [.. history.Where(o => o.IsAnswered && o.Node.Length > 0).GroupBy(o => o.Node).OrderBy(g => g.Key)
            .Select(g => $"{g.Key}: {g.Count()}")];
    }

    public int Operations { get; }

    public int AcknowledgedWrites { get; }

    public int ReadsOfWrittenValues { get; }

    public int Unknown { get; }

    /// <summary>Operations that needed more than one attempt and were answered.</summary>
    public int Resent { get; }

    public IReadOnlyList<string> Nodes { get; }

    public IReadOnlyList<string> Findings => _findings;

    /// <param name="history">All of it.</param>
    /// <param name="minReads">Reads of written values that a run of its length has at least, on a busy machine too.</param>
    public static Verdict Of(IReadOnlyList<Observation> history, int minReads = MinReadsOfWrittenValues)
    {
        var verdict = new Verdict(history);
        verdict.CheckThatItSaysEnough(minReads);
        OriginCheck.Check(history, verdict._findings);
        CounterCheck.Check(history, verdict._findings);
        PositionCheck.Check(history, verdict._findings);
        SessionCheck.Check(history, verdict._findings);
        RegisterCheck.Check(history, verdict._findings);
        return verdict;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Operations} operations, {AcknowledgedWrites} acknowledged writes, {ReadsOfWrittenValues} reads of written values, "
        + $"{Unknown} unknown, {Resent} answered after a resend; answered by {string.Join(", ", Nodes)}");

    /// <summary>Fails with what was found.</summary>
    public void AssertGood(Func<string> more) => Assert.True(
        _findings.Count == 0,
        $"{_findings.Count} findings\n{string.Join('\n', _findings.Take(MaxFindings))}\n{this}\n{(_findings.Count == 0 ? "" : more())}");

    private void CheckThatItSaysEnough(int minReads)
    {
        if (Unknown > Operations * MaxUnknown)
        {
            _findings.Add($"vacuous: {Unknown} of {Operations} operations are unknown");
        }

        if (ReadsOfWrittenValues < minReads)
        {
            _findings.Add($"vacuous: {ReadsOfWrittenValues} reads of written values, {minReads} are wanted");
        }
    }
}

using System.Globalization;

namespace Nines.Simulation;

/// <summary>A promise that was broken. The letter is the invariant's in docs/testing.md.</summary>
/// <param name="Invariant">A to H, N; V for a vacuous run; X for an unexpected exception.</param>
/// <param name="Checker">Which checker says so.</param>
/// <param name="TimeUs">When it was noticed.</param>
/// <param name="Text">What happened.</param>
public sealed record Finding(char Invariant, string Checker, long TimeUs, string Text)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Invariant} ({Checker}) at {TimeUs / 1e6:F6} s: {Text}");
}

/// <summary>Collects findings. The first one ends a run; a few more are kept because they often explain it.</summary>
public sealed class Findings(Func<long>? clock = null)
{
    private const int Max = 16;

    private readonly List<Finding> _all = [];

    public IReadOnlyList<Finding> All => _all;

    public bool Any => _all.Count > 0;

    public void Add(char invariant, string checker, string text)
    {
        if (_all.Count < Max)
        {
            _all.Add(new Finding(invariant, checker, clock?.Invoke() ?? 0, text));
        }
    }
}

namespace Nines.Node.Doctor;

/// <summary>How bad a finding is.</summary>
public enum Verdict
{
    Good,

    /// <summary>Works, but will disappoint under load or after a failure.</summary>
    Warning,

    /// <summary>A node would not start or would not keep its promises.</summary>
    Bad,
}

/// <summary>One thing the doctor looked at.</summary>
/// <param name="Measured">What was found, with its number.</param>
/// <param name="Advice">What to do about it; empty when it is good.</param>
public sealed record Finding(string Check, Verdict Verdict, string Measured, string Advice);

/// <summary>What to examine.</summary>
public sealed record Examination
{
    public required string DataDirectory { get; init; }

    /// <summary>What the ports are for, and where they will listen.</summary>
    public required IReadOnlyList<(string Use, System.Net.IPEndPoint Address)> Listeners { get; init; }
}

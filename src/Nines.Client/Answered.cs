using System.Globalization;

namespace Nines.Client;

/// <summary>What became of a request.</summary>
public enum Outcome
{
    /// <summary>The answer does not say; something other than Nines gave it.</summary>
    Unsaid,

    /// <summary>It has happened.</summary>
    Done,

    /// <summary>It has not happened and never will.</summary>
    NotDone,

    /// <summary>It happened once or never.</summary>
    Unknown,
}

/// <summary>What an answer says of itself, from its <c>x-nines-</c> headers.</summary>
public sealed record Answered
{
    /// <summary>The node that answered, such as <c>n2</c>; empty when it does not say.</summary>
    public string Node { get; init; } = "";

    /// <summary>What became of the request.</summary>
    public Outcome Outcome { get; init; }

    /// <summary>The replicated group that was asked; null when there was none or more than one.</summary>
    public int? Group { get; init; }

    /// <summary>Where in the group's order: a write's place, or the state that was read.</summary>
    public long? Position { get; init; }

    /// <summary>How old the state that was read can be at most; null for writes.</summary>
    public TimeSpan? Staleness { get; init; }

    internal static Answered Of(HttpResponseMessage response) => new()
    {
        Node = Text(response, "x-nines-node") ?? "",
        Outcome = Text(response, "x-nines-outcome") switch
        {
            "done" => Outcome.Done,
            "not-done" => Outcome.NotDone,
            "unknown" => Outcome.Unknown,
            _ => Outcome.Unsaid,
        },
        Group = (int?)Number(response, "x-nines-group"),
        Position = Number(response, "x-nines-position"),
        Staleness = Number(response, "x-nines-staleness-ms") is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
    };

    internal static string? Text(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static long? Number(HttpResponseMessage response, string name) =>
        long.TryParse(Text(response, name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}

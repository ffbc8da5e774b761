namespace Nines.Simulation;

/// <summary>The fault classes of docs/testing.md. Names follow the catalogue there.</summary>
[Flags]
public enum FaultClasses
{
    None = 0,

    /// <summary>Loss, duplication, delay, reordering, broken connections.</summary>
    N1 = 1 << 0,

    /// <summary>Partitions: random halves, one isolated, majority ring, leader with a minority.</summary>
    N2 = 1 << 1,

    /// <summary>One-way blocks.</summary>
    N3 = 1 << 2,

    /// <summary>Clog and swizzle-clog.</summary>
    N4 = 1 << 3,

    /// <summary>One message kind is lost.</summary>
    N5 = 1 << 4,

    /// <summary>Messages of older terms and boots are replayed.</summary>
    N6 = 1 << 5,

    /// <summary>kill -9 of one, a minority, a majority, all; also between two steps of background work.</summary>
    P1 = 1 << 6,

    /// <summary>SIGSTOP for a while.</summary>
    P2 = 1 << 7,

    /// <summary>Cold start of all; crash loops.</summary>
    P3 = 1 << 8,

    /// <summary>Wall clocks jump and differ.</summary>
    C1 = 1 << 9,

    /// <summary>Tick rates differ by up to 20 percent.</summary>
    C2 = 1 << 10,

    /// <summary>Power loss: unsynced writes vanish or are partly kept.</summary>
    D1 = 1 << 11,

    /// <summary>Torn writes and garbage in what was not synced.</summary>
    D2 = 1 << 12,

    /// <summary>A flush fails once.</summary>
    D3 = 1 << 13,

    /// <summary>Bit rot in log, vote record, table blocks, snapshots.</summary>
    D5 = 1 << 14,

    /// <summary>An old version of the data directory, or of one file, comes back.</summary>
    D8 = 1 << 15,

    /// <summary>The disk hangs, or is slow.</summary>
    D10 = 1 << 16,

    /// <summary>The data directory is wiped under the same identity.</summary>
    D11 = 1 << 17,

    /// <summary>Renames and creations not synced with their directory are lost.</summary>
    D12 = 1 << 18,

    /// <summary>Nodes are added, removed and replaced.</summary>
    M1 = 1 << 19,

    /// <summary>A removed node comes back.</summary>
    M2 = 1 << 20,

    /// <summary>Snapshots, log cuts and crashes close together.</summary>
    M4 = 1 << 21,

    Network = N1 | N2 | N3 | N4 | N5 | N6,
    Process = P1 | P2 | P3,
    Clock = C1 | C2,

    /// <summary>Disk faults that no correct node may lose anything by, whatever their number.</summary>
    HonestDisk = D1 | D2 | D3 | D10 | D12,

    /// <summary>Disk faults that destroy durable data; the atlas bounds how many nodes suffer at a time.</summary>
    Destructive = D5 | D8 | D11,
    Membership = M1 | M2 | M4,
    All = Network | Process | Clock | HonestDisk | Destructive | Membership,
}

/// <summary>Fault classes as people write them: <c>all</c>, <c>none</c>, <c>N1,P1</c>, <c>N*</c>, <c>all,-D5</c>.</summary>
public static class FaultFilter
{
    public static FaultClasses Parse(string text)
    {
        FaultClasses classes = FaultClasses.None;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            bool remove = part[0] == '-';
            FaultClasses named = ParseOne(remove ? part[1..] : part);
            classes = remove ? classes & ~named : classes | named;
        }

        return classes;
    }

    /// <summary>The shortest spelling of common sets, else the single classes.</summary>
    public static string Format(FaultClasses classes) => classes switch
    {
        FaultClasses.All => "all",
        FaultClasses.None => "none",
        _ => string.Join(',', Singles.Where(c => classes.HasFlag(c)).Select(c => c.ToString())),
    };

    /// <summary>Every single class, in the order of the catalogue.</summary>
    public static IReadOnlyList<FaultClasses> Singles { get; } =
        [.. Enumerable.Range(0, 22).Select(bit => (FaultClasses)(1 << bit))];

    private static FaultClasses ParseOne(string name)
    {
        if (name.EndsWith('*'))
        {
            return Singles
                .Where(c => c.ToString().StartsWith(name[..^1], StringComparison.OrdinalIgnoreCase))
                .Aggregate(FaultClasses.None, (all, c) => all | c);
        }

        return Enum.TryParse(name, ignoreCase: true, out FaultClasses found)
            ? found
            : throw new FormatException($"There is no fault class '{name}'. Known: all, none, {string.Join(", ", Singles)}.");
    }
}

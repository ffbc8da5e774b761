namespace Nines.Kernel;

/// <summary>One machine (process) of the cluster. Positive; handed out once and never reused. 0 is "nobody".</summary>
public readonly record struct NodeId(int Value) : IComparable<NodeId>
{
    public static readonly NodeId None;

    public bool IsNone => Value == 0;

    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"n{Value}";
}

/// <summary>One Raft group: a set of slots with one ordered log. Group 0 holds what the cluster knows about itself.</summary>
public readonly record struct GroupId(int Value) : IComparable<GroupId>
{
    /// <summary>The group that holds membership, the slot map and the catalogues.</summary>
    public static readonly GroupId Control;

    public int CompareTo(GroupId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"g{Value}";
}

/// <summary>A Raft term (Ongaro, section 3.3). 0 is before the first election.</summary>
public readonly record struct Term(long Value) : IComparable<Term>
{
    public static readonly Term Zero;

    public Term Next => new(checked(Value + 1));

    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    public static bool operator <(Term a, Term b) => a.Value < b.Value;

    public static bool operator >(Term a, Term b) => a.Value > b.Value;

    public static bool operator <=(Term a, Term b) => a.Value <= b.Value;

    public static bool operator >=(Term a, Term b) => a.Value >= b.Value;

    public override string ToString() => $"t{Value}";
}

/// <summary>A place in a group's log. The first entry has index 1; 0 is before it.</summary>
public readonly record struct LogIndex(long Value) : IComparable<LogIndex>
{
    public static readonly LogIndex Zero;

    public LogIndex Next => new(checked(Value + 1));

    public LogIndex Previous => new(checked(Value - 1));

    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    public static LogIndex operator +(LogIndex a, long n) => new(checked(a.Value + n));

    public static LogIndex operator -(LogIndex a, long n) => new(checked(a.Value - n));

    public static long operator -(LogIndex a, LogIndex b) => checked(a.Value - b.Value);

    public static bool operator <(LogIndex a, LogIndex b) => a.Value < b.Value;

    public static bool operator >(LogIndex a, LogIndex b) => a.Value > b.Value;

    public static bool operator <=(LogIndex a, LogIndex b) => a.Value <= b.Value;

    public static bool operator >=(LogIndex a, LogIndex b) => a.Value >= b.Value;

    public static LogIndex Max(LogIndex a, LogIndex b) => a > b ? a : b;

    public static LogIndex Min(LogIndex a, LogIndex b) => a < b ? a : b;

    public override string ToString() => $"i{Value}";
}

/// <summary>The identity of an entry: two entries with the same position are the same entry (log matching, Raft 3.5).</summary>
public readonly record struct LogPosition(Term Term, LogIndex Index)
{
    public static readonly LogPosition Zero;

    public override string ToString() => $"{Term}/{Index}";
}

/// <summary>The identity of a cluster, drawn once at bootstrap. Nodes of different clusters never talk.</summary>
public readonly record struct ClusterId(UInt128 Value)
{
    public override string ToString() => Value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>
/// One start of a node. The number counts the starts on one data directory and is flushed before the node speaks; later starts are larger.
/// Two copies of a directory count alike, so each start also draws a nonce: the same number with another nonce is another life, of
/// which one has forgotten what the other promised.
/// </summary>
public readonly record struct BootId(long Value, ulong Nonce = 0) : IComparable<BootId>
{
    /// <summary>By number. Zero for two starts that cannot both be the latest, when they are not equal.</summary>
    public int CompareTo(BootId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"b{Value}";
}

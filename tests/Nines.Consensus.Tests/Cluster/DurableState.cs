using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>A state machine that only remembers, in one number, everything that was ever applied.</summary>
internal sealed record AppliedState(LogPosition Position, ulong Hash, Configuration Configuration)
{
    public LogIndex Index => Position.Index;

    public static AppliedState Initial(Configuration configuration) => new(LogPosition.Zero, 0, configuration);

    public AppliedState With(in LogEntry entry)
    {
        Configuration configuration = Configuration;
        if (entry.Kind == EntryKind.Configuration)
        {
            Assert.True(Configuration.TryRead(entry.Payload.Span, out Configuration? agreed));
            configuration = agreed;
        }

        return new(entry.Position, Mix(Hash, entry), configuration);
    }

    public static ulong Mix(ulong hash, in LogEntry entry) =>
        unchecked((((hash * 0x9E3779B97F4A7C15) ^ (ulong)entry.Term.Value) * 31) ^ Fingerprint(entry));

    public static ulong Fingerprint(in LogEntry entry)
    {
        ulong hash = 0xCBF29CE484222325 ^ (ulong)entry.Kind;
        foreach (byte b in entry.Payload.Span)
        {
            hash = unchecked((hash ^ b) * 0x100000001B3);
        }

        return hash;
    }
}

/// <summary>What a simulated node finds after a crash: term and vote, the log behind its base, and the last sealed state.</summary>
internal sealed class DurableState(Configuration initial)
{
    private readonly List<LogEntry> _entries = [];

    public HardState HardState { get; set; }

    public LogPosition Base { get; private set; }

    public Configuration BaseConfiguration { get; private set; } = initial;

    public AppliedState Applied { get; set; } = AppliedState.Initial(initial);

    public LogPosition Last => _entries.Count > 0 ? _entries[^1].Position : Base;

    /// <summary>True when a restart from here holds the entry, in the log or in the state.</summary>
    public bool Holds(LogPosition position) =>
        position.Index <= Applied.Index || position.Index <= Base.Index || TermAt(position.Index) == position.Term;

    public Term? TermAt(LogIndex index)
    {
        if (index == Base.Index)
        {
            return Base.Term;
        }

        return index > Base.Index && index <= Last.Index ? _entries[(int)(index - Base.Index) - 1].Term : null;
    }

    public void Append(in LogEntry entry)
    {
        if (entry.Index <= Base.Index)
        {
            return;
        }

        if (entry.Index <= Last.Index)
        {
            int keep = (int)(entry.Index - Base.Index) - 1;
            _entries.RemoveRange(keep, _entries.Count - keep);
        }

        Assert.Equal(Last.Index.Next, entry.Index);
        _entries.Add(entry);
    }

    /// <summary>Entries up to the position are not needed any more; what does not continue it is void.</summary>
    public void CutTo(LogPosition position, Configuration configuration)
    {
        if (TermAt(position.Index) == position.Term)
        {
            _entries.RemoveRange(0, (int)(position.Index - Base.Index));
        }
        else
        {
            _entries.Clear();
        }

        Base = position;
        BaseConfiguration = configuration;
    }

    public void Install(AppliedState snapshot)
    {
        _entries.Clear();
        Base = snapshot.Position;
        BaseConfiguration = snapshot.Configuration;
        Applied = snapshot;
    }

    public RaftRestore Restore()
    {
        if (TermAt(Applied.Index) != Applied.Position.Term)
        {
            CutTo(Applied.Position, Applied.Configuration);
        }

        return new(HardState, Base, BaseConfiguration, [.. _entries], Applied.Index);
    }
}

using Nines.Kernel;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>A replica whose log has holes. It takes no part in its group until they are filled.</summary>
internal sealed class Repairing(RecoveredGroup recovered, SortedStore store, ReplicaMeta stored)
{
    /// <summary>Two or more peers are asked every election timeout: about two seconds in which any of them could have helped.</summary>
    private const int EmptyAnswersMax = 16;

    private int _emptyAnswers;

    public RecoveredGroup Recovered { get; } = recovered;

    public SortedStore Store { get; } = store;

    public ReplicaMeta Stored { get; } = stored;

    public bool IsWhole => FirstHole() < 0;

    /// <summary>Peers answered so often, one after the other, that they do not have the next entry any more, and none that it has it.</summary>
    public bool IsHopeless => _emptyAnswers >= EmptyAnswersMax;

    public void NoteAnswer(bool hasEntries) => _emptyAnswers = hasEntries ? 0 : _emptyAnswers + 1;

    /// <summary>The first entry that is missing.</summary>
    public LogPosition Next => Recovered.Entries[FirstHole()].Position;

    public bool TryGet(LogIndex index, out LogEntry entry)
    {
        int at = Recovered.Entries.FindIndex(e => e.Index == index);
        entry = at >= 0 ? Recovered.Entries[at] : default;
        return at >= 0 && entry.Kind != LogHole.EntryKind;
    }

    /// <summary>Takes the entry when it is one of those missing: the same position is the same entry.</summary>
    public bool Fill(in LogEntry entry)
    {
        LogIndex index = entry.Index;
        int at = Recovered.Entries.FindIndex(e => e.Index == index);
        if (at < 0 || Recovered.Entries[at].Kind != LogHole.EntryKind || Recovered.Entries[at].Position != entry.Position)
        {
            return false;
        }

        Recovered.Entries[at] = entry;
        return true;
    }

    /// <summary>Holes at or before the store's point do not matter: the state has what they held.</summary>
    private int FirstHole() =>
        Recovered.Entries.FindIndex(e => e.Kind == LogHole.EntryKind && e.Index > Stored.Position.Index);
}

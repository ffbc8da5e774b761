using Nines.Kernel;

namespace Nines.Replication.Replicas;

/// <summary>
/// How old the state here can be at most. A ReadIndex round that was begun at a moment and confirmed says which index held everything
/// acknowledged before that moment; once that index is applied, the state here is at least as fresh as that moment was. No clock of
/// another node is believed. Nobody asks for it unless somebody reads.
/// </summary>
internal sealed partial class Replica
{
    private long _freshAtMs = -1;
    private bool _freshnessWanted;
    private LogIndex _confirmedIndex;
    private long _confirmedAtMs = -1;

    /// <summary>
    /// Everything acknowledged before this moment of this node's steady clock is in the state; -1 when that is not known. A reader on another
    /// thread looks here before it takes its view.
    /// </summary>
    public long FreshAtMs => Volatile.Read(ref _freshAtMs);

    /// <summary>The question is under way.</summary>
    public bool IsAskingFreshness { get; set; }

    /// <summary>Somebody reads without asking the leader. Any thread.</summary>
    public void WantFreshness()
    {
        if (!Volatile.Read(ref _freshnessWanted))
        {
            Volatile.Write(ref _freshnessWanted, true);
        }
    }

    public bool TakeFreshnessWanted()
    {
        bool wanted = Volatile.Read(ref _freshnessWanted);
        Volatile.Write(ref _freshnessWanted, false);
        return wanted;
    }

    /// <summary>At that moment nothing beyond that index had been acknowledged.</summary>
    public void NoteConfirmed(LogIndex index, long atMs)
    {
        _confirmedIndex = index;
        _confirmedAtMs = atMs;
        RefreshWhenApplied();
    }

    private void RefreshWhenApplied()
    {
        if (_confirmedAtMs > _freshAtMs && _confirmedIndex <= _applied.Position.Index && !NeedsState)
        {
            Volatile.Write(ref _freshAtMs, _confirmedAtMs);
        }
    }
}

using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// The store as it was at one applied index. It never changes, whatever is written, flushed or compacted meanwhile; any thread
/// may use it, several at once. Disposing it gives back files that only it still needs; a view that is forgotten gives them
/// back when it is collected. Values and open cursors outlive it.
/// </summary>
public sealed class StoreView : IOrderedReader, IDisposable
{
    private readonly StoreState _state;
    private readonly ulong _sequence;
    private int _disposed;

    /// <param name="state">Acquired by the caller for this view.</param>
    internal StoreView(StoreState state)
    {
        _state = state;
        Applied = state.Active.Applied;
        _sequence = state.Active.LastSequence(Applied);
    }

    /// <summary>The last index whose writes are seen.</summary>
    public LogIndex Applied { get; }

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        Invariant.Assert(_disposed == 0);
        return _state.TryGet(key, _sequence, out value);
    }

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false)
    {
        Invariant.Assert(_disposed == 0);
        return _state.Range(_sequence, from, to, reverse);
    }

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since)
    {
        Invariant.Assert(_disposed == 0);
        return _state.IsUnchangedSince(key, _sequence, since);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _state.Release();
        }
    }
}

using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// One command's writes. They go straight into the memtable under a sequence that no reader looks at yet; publishing the applied
/// index shows all of them at once, and aborting takes them out again. Reads inside see the writes before them. A cursor shows
/// the state at the moment it was opened, also while the command goes on writing.
/// One object per store, used again for each command, on the writer's thread.
/// </summary>
public sealed class WriteTransaction : IOrderedState
{
    private readonly List<int> _nodes = [];
    private StoreState? _state;
    private ulong _sequence;
    private ulong _lastSequence;
    private bool _cursorSinceWrite;

    internal WriteTransaction()
    {
    }

    public LogIndex Index { get; private set; }

    internal bool IsOpen => _state is not null;

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value) =>
        State().TryGet(key, _sequence, out value);

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false)
    {
        _cursorSinceWrite = true;
        return State().Range(_sequence, from, to, reverse);
    }

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => State().IsUnchangedSince(key, _sequence, since);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Write(key, value, isTombstone: false);

    public void Delete(ReadOnlySpan<byte> key) => Write(key, default, isTombstone: true);

    internal void Open(StoreState state, LogIndex index)
    {
        Invariant.Assert(!IsOpen);
        _state = state;
        Index = index;
        _sequence = state.Active.FirstSequence(index);
        _lastSequence = state.Active.LastSequence(index);
        _cursorSinceWrite = false;
    }

    internal void Close()
    {
        _state = null;
        _nodes.Clear();
    }

    /// <summary>Latest first, as each takes back the latest write of its key.</summary>
    internal void TakeBack()
    {
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            State().Active.TakeBack(_nodes[i]);
        }
    }

    private void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone)
    {
        if (_cursorSinceWrite)
        {
            Invariant.Assert(_sequence < _lastSequence);
            _sequence++;
            _cursorSinceWrite = false;
        }

        _nodes.Add(State().Active.Add(_sequence, key, value, isTombstone));
    }

    private StoreState State()
    {
        Invariant.Assert(_state is not null);
        return _state;
    }
}

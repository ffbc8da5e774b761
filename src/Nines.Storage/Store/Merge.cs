using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Several sorted sources as one, in one direction: a binary heap of cursors. The sources are given newest first; of a key
/// that several hold, the newest version is shown and the others are passed over. Deletions are shown.
/// </summary>
internal sealed class Merge(List<SourceCursor> sources, bool reverse)
{
    private readonly int[] _heap = new int[sources.Count];
    private int _size;
    private byte[] _shown = [];

    public bool IsValid => _size > 0;

    /// <summary>The source that stands on the next key.</summary>
    public SourceCursor Current => sources[_heap[0]];

    public void Seek(ReadOnlySpan<byte> bound)
    {
        _size = 0;
        for (int i = 0; i < sources.Count; i++)
        {
            sources[i].Seek(bound);
            if (sources[i].IsValid)
            {
                _heap[_size++] = i;
            }
        }

        for (int i = (_size / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    public void Advance()
    {
        if (_size == 1)
        {
            AdvanceTop();
            return;
        }

        ReadOnlySpan<byte> key = Current.Key;
        if (_shown.Length < key.Length)
        {
            _shown = new byte[Math.Max(64, key.Length * 2)];
        }

        Span<byte> shown = _shown.AsSpan(0, key.Length);
        key.CopyTo(shown);
        do
        {
            AdvanceTop();
        }
        while (_size > 0 && Current.Key.SequenceEqual(shown));
    }

    private void AdvanceTop()
    {
        SourceCursor top = Current;
        top.Advance();
        if (!top.IsValid)
        {
            _heap[0] = _heap[--_size];
        }

        SiftDown(0);
    }

    private void SiftDown(int place)
    {
        while (true)
        {
            int first = place;
            int left = (2 * place) + 1;
            if (left < _size && Precedes(_heap[left], _heap[first]))
            {
                first = left;
            }

            int right = left + 1;
            if (right < _size && Precedes(_heap[right], _heap[first]))
            {
                first = right;
            }

            if (first == place)
            {
                return;
            }

            (_heap[place], _heap[first]) = (_heap[first], _heap[place]);
            place = first;
        }
    }

    private bool Precedes(int a, int b)
    {
        int order = sources[a].Key.SequenceCompareTo(sources[b].Key);
        return order == 0 ? a < b : (order < 0) != reverse;
    }
}

/// <summary>What a reader walks: the merged sources between two bounds, without deletions.</summary>
internal sealed class RangeCursor : IOrderedCursor
{
    private readonly StoreState _state;
    private readonly Merge _merge;
    private readonly byte[] _from;
    private readonly byte[] _to;
    private readonly bool _reverse;
    private bool _started;
    private bool _ended;
    private int _disposed;

    /// <summary>The caller has acquired the state for this cursor, which releases it.</summary>
    public RangeCursor(
        StoreState state, ulong sequence, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse)
    {
        _state = state;
        _from = from.ToArray();
        _to = to.ToArray();
        _reverse = reverse;
        _merge = new Merge(state.Cursors(sequence, from, to, reverse), reverse);
    }

    public ReadOnlySpan<byte> Key => _merge.Current.Key;

    public ReadOnlyMemory<byte> Value => _merge.Current.Value;

    public bool MoveNext()
    {
        if (_ended)
        {
            return false;
        }

        if (!_started)
        {
            _started = true;
            _merge.Seek(_reverse ? _to : _from);
        }
        else
        {
            _merge.Advance();
        }

        while (_merge.IsValid && IsInside(_merge.Current.Key))
        {
            if (!_merge.Current.IsTombstone)
            {
                return true;
            }

            _merge.Advance();
        }

        _ended = true;
        return false;
    }

    public void Dispose()
    {
        _ended = true;
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _state.Release();
        }
    }

    private bool IsInside(ReadOnlySpan<byte> key) => _reverse
        ? key.SequenceCompareTo(_from) >= 0
        : _to.Length == 0 || key.SequenceCompareTo(_to) < 0;
}

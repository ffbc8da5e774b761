using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>One store, its log, and what it must contain at each index.</summary>
internal sealed partial class StoreModel
{
    private const int Keys = 400;

    private readonly Prng _prng;
    private readonly SimulatedDisk _disk;
    private readonly SortedDictionary<string, int> _seen;

    // The log: what each index wrote. Replayed behind the durable point after a crash.
    private readonly List<List<(int Key, string? Value)>> _log = [];
    private readonly SortedDictionary<int, string> _now = [];
    private readonly List<(StoreView View, SortedDictionary<int, string> State)> _views = [];
    private SortedStore _store;
    private IBackgroundWork? _work;
    private int _applied;
    private int _installs;

    public StoreModel(ulong seed, SortedDictionary<string, int> seen)
    {
        _prng = new Prng(seed);
        _seen = seen;
        _disk = new SimulatedDisk(_prng.Fork());
        _store = Open();
    }

    public int StepNumber { get; private set; }

    public void Run(int steps)
    {
        for (StepNumber = 0; StepNumber < steps; StepNumber++)
        {
            Step();
        }

        FinishWork();
        while (_store.TakeWork() is { } work)
        {
            _work = work;
            FinishWork();
        }

        Compare(_store.View(), _now);
        CompareViews();
    }

    private void Step()
    {
        int dice = _prng.Below(1000);
        switch (dice)
        {
            case < 450: Write(); break;
            case < 800: StepWork(); break;
            case < 850: Seal(); break;
            case < 960: Read(); break;
            case < 970: TakeView(); break;
            case < 975: Compare(_store.View(), _now); break;
            case < 980: CompareViews(); break;
            case < 990: DiskFull(); break;
            case < 996: Crash(); break;
            default: Install(); break;
        }
    }

    private void Write()
    {
        if (_store.IsStalled)
        {
            Note("stall");
            StepWork();
            return;
        }

        var writes = new List<(int Key, string? Value)>();
        int count = _prng.Chance(0.05) ? _prng.Below(60) : _prng.Below(4);
        for (int i = 0; i < count; i++)
        {
            int key = _prng.Below(Keys);
            string? value = _prng.Chance(0.35) ? null : $"{_log.Count}.{i}." + new string('x', _prng.Below(80));
            writes.Add((key, value));
        }

        if (_prng.Chance(0.1))
        {
            Note("abort");
            Apply(_store, _log.Count + 1, writes, abort: true);
            writes = [];
        }
        else
        {
            Apply(_store, _log.Count + 1, writes, abort: false);
        }

        _log.Add(writes);
        _applied = _log.Count;
        foreach ((int key, string? value) in writes)
        {
            Set(_now, key, value);
        }
    }

    private void Apply(SortedStore store, int index, List<(int Key, string? Value)> writes, bool abort)
    {
        WriteTransaction transaction = store.Begin(new LogIndex(index));
        foreach ((int key, string? value) in writes)
        {
            if (value is null)
            {
                transaction.Delete(StoreRig.Key(key));
            }
            else
            {
                transaction.Put(StoreRig.Key(key), StoreRig.Value(value));
            }

            // Own writes are seen at once.
            Assert.Equal(value, Text(transaction, key));
            if (_prng.Chance(0.02))
            {
                Scan(transaction);
            }
        }

        if (abort)
        {
            store.Abort(transaction);
        }
        else
        {
            store.Commit(transaction);
        }

        Assert.Equal(index, store.Applied.Value);
    }

    private void Scan(WriteTransaction transaction)
    {
        using IOrderedCursor cursor = transaction.Range(StoreRig.Key(0), StoreRig.Key(Keys), _prng.Chance(0.5));
        byte[] last = [];
        while (cursor.MoveNext() && _prng.Chance(0.9))
        {
            Assert.False(cursor.Key.SequenceEqual(last));
            last = cursor.Key.ToArray();
        }
    }

    private void Read()
    {
        int key = _prng.Below(Keys);
        using StoreView view = _store.View();
        Assert.Equal(_now.GetValueOrDefault(key), Text(view, key));
        int low = _prng.Below(Keys);
        int high = _prng.Below(Keys);
        bool reverse = _prng.Chance(0.5);
        using IOrderedCursor cursor = view.Range(StoreRig.Key(low), StoreRig.Key(high), reverse);
        IEnumerable<KeyValuePair<int, string>> expected = _now.Where(p => p.Key >= low && p.Key < high);
        foreach ((int k, string v) in reverse ? expected.Reverse() : expected)
        {
            Assert.True(cursor.MoveNext());
            Assert.True(cursor.Key.SequenceEqual(StoreRig.Key(k)));
            Assert.Equal(v, System.Text.Encoding.ASCII.GetString(cursor.Value.Span));
        }

        Assert.False(cursor.MoveNext());
    }

    private void Seal()
    {
        if (_store.CanSeal)
        {
            _store.Seal(StoreRig.PointAt(_store.Applied));
        }
    }

    private void StepWork()
    {
        _work ??= _prng.Chance(0.05) ? _store.Scrub() : _store.TakeWork();
        if (_work is null)
        {
            return;
        }

        LogIndex before = _store.Durable.Position.Index;
        if (!_work.Step())
        {
            _store.Complete(_work, null);
            _work = null;
        }

        Assert.True(_store.Durable.Position.Index >= before);
        if (_store.Statistics().Levels[2].Tables > 0)
        {
            Note("level 2");
        }
    }

    private void FinishWork()
    {
        while (_work is not null)
        {
            StepWork();
        }
    }

    private void TakeView()
    {
        Note("held view");
        _views.Add((_store.View(), new SortedDictionary<int, string>(_now)));
        if (_views.Count > 5)
        {
            (StoreView view, SortedDictionary<int, string> state) = _views[0];
            Compare(view, state);
            _views.RemoveAt(0);
        }
    }

    private void CompareViews()
    {
        foreach ((StoreView view, SortedDictionary<int, string> state) in _views)
        {
            Compare(view, state, dispose: false);
        }
    }

    private SortedStore Open()
    {
        var store = SortedStore.Open(_disk, StoreRig.Directory, StoreRig.Tiny, new BlockCache(_prng.Pick([0L, 4 << 10, 1 << 20])));
        StorePoint durable = store.Durable;
        if (durable.Position.Index > LogIndex.Zero)
        {
            Assert.Equal(durable.Position.Index.Value, BitConverter.ToInt64(durable.Metadata.Span));
        }

        return store;
    }

    private static void Compare(StoreView view, SortedDictionary<int, string> expected, bool dispose = true)
    {
        using (IOrderedCursor cursor = view.Range(default, default))
        {
            foreach ((int key, string value) in expected)
            {
                Assert.True(cursor.MoveNext(), $"ends before {key}");
                Assert.Equal(StoreRig.Key(key), cursor.Key.ToArray());
                Assert.Equal(value, System.Text.Encoding.ASCII.GetString(cursor.Value.Span));
            }

            Assert.False(cursor.MoveNext());
        }

        if (dispose)
        {
            view.Dispose();
        }
    }

    private static string? Text(IOrderedReader reader, int key) =>
        reader.TryGet(StoreRig.Key(key), out ReadOnlyMemory<byte> value)
            ? System.Text.Encoding.ASCII.GetString(value.Span)
            : null;

    private static void Set(SortedDictionary<int, string> state, int key, string? value)
    {
        if (value is null)
        {
            state.Remove(key);
        }
        else
        {
            state[key] = value;
        }
    }

    private void Note(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;
}

using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>
/// The store against a sorted dictionary: random writes, aborted writes, seals, background steps one at a time, crashes at any
/// step with replay from a modelled log behind the durable point, snapshots installed, views held across all of it.
/// </summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData(1, 60)]
    [InlineData(1000, 60)]
    public void Store_behaves_like_a_sorted_dictionary_through_crashes(int firstSeed, int seeds)
    {
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            var model = new StoreModel((ulong)seed, seen);
            try
            {
                model.Run(steps: 1500);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed={seed} step={model.StepNumber}: {e.Message}", e);
            }
        }

        // The run means nothing if the interesting things did not happen.
        foreach (string what in (string[])["crash", "crash in work", "level 2", "install", "power lost", "abort", "held view", "stall", "full"])
        {
            Assert.True(seen.GetValueOrDefault(what) > 0, $"never happened: {what}");
        }
    }
}

/// <summary>One store, its log, and what it must contain at each index.</summary>
internal sealed class StoreModel
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

    private void DiskFull()
    {
        if (_work is null)
        {
            return;
        }

        _disk.Capacity = _disk.UsedBytes;
        try
        {
            FinishWork();
        }
        catch (DiskException e)
        {
            Assert.Equal(DiskFailure.Full, e.Failure);
            _store.Complete(_work!, e);
            _work = null;
            Note("full");
        }

        _disk.Capacity = 1L << 40;
        Compare(_store.View(), _now);
    }

    private void Crash()
    {
        _views.Clear();
        Note(_work is null ? "crash" : "crash in work");
        LogIndex durable = _store.Durable.Position.Index;
        if (_work is not null && _prng.Chance(0.7))
        {
            // The power goes in the middle of what the work writes next.
            _disk.PowerLossAfter = _prng.Below(12);
            try
            {
                while (_work.Step())
                {
                }
            }
            catch (PowerLossException)
            {
                Note("power lost");
            }
        }

        _work = null;
        _disk.Crash(CrashOptions.Draw(_prng));
        _store = Open();
        Assert.True(_store.Durable.Position.Index >= durable, "what was durable was lost");
        for (int i = (int)_store.Applied.Value; i < _applied; i++)
        {
            if (_store.IsStalled || _prng.Chance(0.02))
            {
                Seal();
                StepUntilIdle();
            }

            Apply(_store, i + 1, _log[i], abort: false);
        }

        Compare(_store.View(), _now);
    }

    private void StepUntilIdle()
    {
        FinishWork();
        while ((_work = _store.TakeWork()) is not null)
        {
            FinishWork();
        }
    }

    /// <summary>The state of another replica that is some entries ahead comes over as a snapshot.</summary>
    private void Install()
    {
        if (_work is not null)
        {
            return;
        }

        Note("install");
        _views.Clear();
        var disk = new SimulatedDisk(_prng.Fork());
        using var other = new StoreRig(disk, StoreRig.Tiny);
        foreach (List<(int Key, string? Value)> writes in _log)
        {
            if (other.Store.WantsFlush)
            {
                other.Flush();
            }

            Apply(other.Store, (int)other.Store.Applied.Value + 1, writes, abort: false);
        }

        for (int i = 0; i < 5; i++)
        {
            var writes = new List<(int, string?)> { (_prng.Below(Keys), $"ahead {_installs}.{i}") };
            Apply(other.Store, (int)other.Store.Applied.Value + 1, writes, abort: false);
            _log.Add(writes);
        }

        other.Flush();
        using StoreSnapshot snapshot = other.Store.TakeSnapshot();
        SnapshotReceiver receiver = _store.BeginInstall(snapshot.Point, snapshot.Files)!;
        SnapshotCopy.Copy(snapshot, receiver, _prng);
        int before = _applied;
        _work = receiver.Finish();
        if (_prng.Chance(0.5))
        {
            int last = _log.Count;
            _applied = before;
            for (int i = _prng.Below(20); i > 0 && _work is not null; i--)
            {
                StepWork();
            }

            if (_work is not null)
            {
                _disk.PowerLossAfter = _prng.Below(12);
                try
                {
                    while (_work.Step())
                    {
                    }
                }
                catch (PowerLossException)
                {
                }

                _work = null;
                _disk.Crash(CrashOptions.Draw(_prng));
                _store = Open();
                LogIndex durable = _store.Durable.Position.Index;
                Assert.True(durable.Value == last || durable.Value <= before);
                for (int i = (int)_store.Applied.Value; i < last; i++)
                {
                    Apply(_store, i + 1, _log[i], abort: false);
                }
            }
        }
        else
        {
            FinishWork();
        }

        _applied = _log.Count;
        _installs++;
        foreach (List<(int Key, string? Value)> writes in _log.Skip(before))
        {
            writes.ForEach(w => Set(_now, w.Key, w.Value));
        }

        Compare(_store.View(), _now);
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

/// <summary>Sends a snapshot's files as a careless network would: in pieces, out of order, some of them twice.</summary>
internal static class SnapshotCopy
{
    public static void Copy(StoreSnapshot snapshot, SnapshotReceiver receiver, Prng prng, Action<int, long, byte[]>? change = null)
    {
        var pieces = new List<(int File, long Offset, byte[] Bytes)>();
        for (int file = 0; file < snapshot.Files.Count; file++)
        {
            for (long offset = 0; offset < snapshot.Files[file].Length;)
            {
                byte[] bytes = new byte[1 + prng.Below(700)];
                int count = snapshot.Read(file, offset, bytes);
                Assert.True(count > 0);
                pieces.Add((file, offset, bytes[..count]));
                if (prng.Chance(0.1))
                {
                    pieces.Add((file, offset, bytes[..count]));
                }

                offset += count;
            }
        }

        prng.Shuffle(pieces);
        foreach ((int file, long offset, byte[] bytes) in pieces)
        {
            change?.Invoke(file, offset, bytes);
            Assert.True(receiver.Write(file, offset, bytes));
        }
    }
}

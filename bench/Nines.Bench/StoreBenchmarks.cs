using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Bench;

/// <summary>The sorted store on a real disk: 200 000 keys of 16 bytes with values of 256, all in tables and in the block cache.</summary>
public class StoreBenchmarks : IDisposable
{
    private const int Keys = 200_000;

    /// <summary>What a scan reads.</summary>
    private const int ScanLength = 100;

    private readonly byte[] _value = new byte[256];
    private readonly byte[] _key = new byte[16];
    private readonly Prng _random = new(1);
    private TemporaryDisk? _disk;
    private SortedStore _store = null!;
    private StoreView _view = null!;

    [GlobalSetup]
    public void Setup()
    {
        _random.Fill(_value);
        _disk = new TemporaryDisk();
        _store = SortedStore.Open(_disk.Disk, "store", new StoreOptions(), new BlockCache(128L << 20));
        for (int i = 0; i < Keys; i++)
        {
            PutKey(i);
        }

        Flush();
        _view = _store.View();
    }

    /// <summary>One command's write with its share of flushing and compacting, which a node does on another thread.</summary>
    [Benchmark]
    public void Put() => PutKey(_random.Below(Keys));

    [Benchmark]
    public bool Get()
    {
        Key(_random.Below(Keys));
        return _view.TryGet(_key, out _);
    }

    /// <summary>A key that is not there: the filters' case.</summary>
    [Benchmark]
    public bool GetMissing()
    {
        Key(_random.Below(Keys));
        _key[^1] = 1;
        return _view.TryGet(_key, out _);
    }

    /// <summary>A view of the present, as every read takes it.</summary>
    [Benchmark]
    public bool ViewAndGet()
    {
        Key(_random.Below(Keys));
        using StoreView view = _store.View();
        return view.TryGet(_key, out _);
    }

    /// <summary>100 neighbours.</summary>
    [Benchmark]
    public int Scan()
    {
        Key(_random.Below(Keys - ScanLength));
        using IOrderedCursor cursor = _view.Range(_key, default);
        int bytes = 0;
        for (int i = 0; i < ScanLength && cursor.MoveNext(); i++)
        {
            bytes += cursor.Value.Length;
        }

        return bytes;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        if (_disk is null)
        {
            return;
        }

        _view.Dispose();
        _store.Dispose();
        _disk.Dispose();
        _disk = null;
        GC.SuppressFinalize(this);
    }

    private void Key(int number)
    {
        _key.AsSpan().Clear();
        BinaryPrimitives.WriteInt32BigEndian(_key, number);
    }

    private void PutKey(int number)
    {
        Key(number);
        WriteTransaction write = _store.Begin(_store.Applied.Next);
        write.Put(_key, _value);
        _store.Commit(write);
        if (_store.WantsFlush)
        {
            Flush();
        }
    }

    private void Flush()
    {
        _store.Seal(new StorePoint(new LogPosition(new Term(1), _store.Applied), default));
        while (_store.TakeWork() is { } work)
        {
            work.Run();
            _store.Complete(work, null);
        }
    }
}

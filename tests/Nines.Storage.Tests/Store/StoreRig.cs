using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>A store on some disk with the shortest way to do things to it.</summary>
internal sealed class StoreRig : IDisposable
{
    public const string Directory = "g1/store";

    /// <summary>So small that some hundred writes exercise every level.</summary>
    public static readonly StoreOptions Tiny = new()
    {
        MemtableBytes = 8 << 10,
        MaxSealed = 2,
        BlockBytes = 256,
        TableBytes = 2 << 10,
        Level0Tables = 2,
        Level0Stall = 6,
        LevelBaseBytes = 6 << 10,
        LevelRatio = 3,
        ScrubBytes = 4 << 10,
    };

    public StoreRig(IDisk disk, StoreOptions? options = null, BlockCache? cache = null, string directory = Directory)
    {
        Disk = disk;
        Options = options ?? Tiny;
        Cache = cache ?? new BlockCache(64 << 10);
        Store = SortedStore.Open(disk, directory, Options, Cache);
    }

    public IDisk Disk { get; }

    public StoreOptions Options { get; }

    public BlockCache Cache { get; }

    public SortedStore Store { get; }

    public static SimulatedDisk NewDisk(ulong seed = 1) => new(new Prng(seed));

    public static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"key/{number:D6}");

    public static byte[] Value(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    public static StorePoint PointAt(LogIndex index) =>
        new(new LogPosition(new Term(1), index), BitConverter.GetBytes(index.Value));

    public void Put(int key, string value) => Write(t => t.Put(Key(key), Value(value)));

    public void Delete(int key) => Write(t => t.Delete(Key(key)));

    public void Write(Action<WriteTransaction> write)
    {
        WriteTransaction transaction = Store.Begin(Store.Applied.Next);
        write(transaction);
        Store.Commit(transaction);
    }

    public string? Get(int key)
    {
        using StoreView view = Store.View();
        return view.TryGet(Key(key), out ReadOnlyMemory<byte> value)
            ? System.Text.Encoding.ASCII.GetString(value.Span)
            : null;
    }

    public void Run(IBackgroundWork work)
    {
        Exception? failure = null;
        try
        {
            while (work.Step())
            {
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        Store.Complete(work, failure);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Does all work there is.</summary>
    public void RunAll()
    {
        while (Store.TakeWork() is { } work)
        {
            Run(work);
        }
    }

    public void Flush()
    {
        if (!Store.CanSeal)
        {
            RunAll();
        }

        Store.Seal(PointAt(Store.Applied));
        RunAll();
    }

    /// <summary>Puts everything into the deepest level it reaches.</summary>
    public void Fill(int keys, int rounds = 1, Func<int, int, string>? value = null)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < keys; i++)
            {
                Put(i, value?.Invoke(i, round) ?? $"value {i} of round {round}");
                if (Store.WantsFlush)
                {
                    Flush();
                }
            }
        }

        Flush();
    }

    public void Dispose() => Store.Dispose();
}

using System.Diagnostics;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>Real threads on a real disk: a writer, background work beside it, readers everywhere.</summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const int Keys = 300;
    private const int EnoughWorks = 20;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _root = Directory.CreateTempSubdirectory("nines-store").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>
    /// Each command moves an amount between two keys and leaves the sum of all as it was: a reader that ever sees another sum saw a
    /// state that never was. Each view is read twice, with writes, flushes and compactions in between.
    /// </summary>
    [Fact]
    public void Views_are_consistent_and_stable_while_everything_goes_on()
    {
        using var disk = new FileDisk(_root);
        var rig = new StoreRig(disk, StoreRig.Tiny with { LevelBaseBytes = 32 << 10 }, new BlockCache(16 << 10));
        rig.Write(t =>
        {
            for (int i = 0; i < Keys; i++)
            {
                t.Put(StoreRig.Key(i), BitConverter.GetBytes(1000L));
            }
        });
        var clock = Stopwatch.StartNew();
        long views = 0;
        Exception? failure = null;
        var readers = new List<Thread>();
        for (int i = 0; i < 3; i++)
        {
            int number = i;
            readers.Add(new Thread(() =>
            {
                try
                {
                    Read(rig.Store, clock, (ulong)number, ref views);
                }
                catch (Exception e)
                {
                    failure = e;
                }
            }));
        }

        readers.ForEach(r => r.Start());
        long works = Write(rig, clock);
        readers.ForEach(r => r.Join());
        Assert.Null(failure);
        Assert.True(views > 20, $"{views} views");
        Assert.True(works > EnoughWorks, $"{works} pieces of work");
        rig.RunAll();
        rig.Dispose();
        using var next = new StoreRig(disk);
        Assert.True(next.Store.Applied > LogIndex.Zero);
        using StoreView last = next.Store.View();
        Assert.Equal(Keys * 1000L, Sum(last, reverse: false));
    }

    private static long Write(StoreRig rig, Stopwatch clock)
    {
        var prng = new Prng(1);
        long works = 0;
        Task<Exception?>? running = null;
        IBackgroundWork? work = null;
        while (clock.Elapsed < Duration || (works <= EnoughWorks && clock.Elapsed < Patience))
        {
            if (running is { IsCompleted: true })
            {
                Assert.Null(running.Result);
                rig.Store.Complete(work!, null);
                running = null;
                works++;
            }

            if (running is null && (work = rig.Store.TakeWork()) is not null)
            {
                IBackgroundWork taken = work;
                running = Task.Factory.StartNew(
                    () => RunToEnd(taken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            if (rig.Store.IsStalled)
            {
                Thread.Yield();
                continue;
            }

            Move(rig, prng);
            if (rig.Store.WantsFlush)
            {
                rig.Store.Seal(StoreRig.PointAt(rig.Store.Applied));
            }
        }

        if (running is not null)
        {
            Assert.Null(running.Result);
            rig.Store.Complete(work!, null);
        }

        return works;
    }

    private static void Move(StoreRig rig, Prng prng)
    {
        WriteTransaction transaction = rig.Store.Begin(rig.Store.Applied.Next);
        byte[] from = StoreRig.Key(prng.Below(Keys));
        byte[] to = StoreRig.Key(prng.Below(Keys));
        long amount = prng.Below(100);
        Change(transaction, from, -amount);
        Change(transaction, to, amount);
        if (prng.Chance(0.1))
        {
            rig.Store.Abort(transaction);
        }
        else
        {
            rig.Store.Commit(transaction);
        }
    }

    private static void Change(WriteTransaction transaction, byte[] key, long amount)
    {
        long balance = transaction.TryGet(key, out ReadOnlyMemory<byte> value) ? BitConverter.ToInt64(value.Span) : 0;
        balance += amount;
        if (balance == 0)
        {
            transaction.Delete(key);
        }
        else
        {
            transaction.Put(key, BitConverter.GetBytes(balance));
        }
    }

    private static void Read(SortedStore store, Stopwatch clock, ulong seed, ref long views)
    {
        var prng = new Prng(seed);
        LogIndex last = LogIndex.Zero;
        while (clock.Elapsed < Duration)
        {
            using StoreView view = store.View();
            Assert.True(view.Applied >= last);
            last = view.Applied;
            Assert.Equal(Keys * 1000L, Sum(view, prng.Chance(0.5)));
            byte[] key = StoreRig.Key(prng.Below(Keys));
            bool found = view.TryGet(key, out ReadOnlyMemory<byte> value);
            long balance = found ? BitConverter.ToInt64(value.Span) : 0;
            Assert.Equal(Keys * 1000L, Sum(view, prng.Chance(0.5)));
            Assert.Equal(found, view.TryGet(key, out value));
            Assert.Equal(balance, found ? BitConverter.ToInt64(value.Span) : 0);
            Interlocked.Increment(ref views);
        }
    }

    private static long Sum(StoreView view, bool reverse)
    {
        long sum = 0;
        using IOrderedCursor cursor = view.Range(default, default, reverse);
        while (cursor.MoveNext())
        {
            sum += BitConverter.ToInt64(cursor.Value.Span);
        }

        return sum;
    }

    private static Exception? RunToEnd(IBackgroundWork work)
    {
        try
        {
            while (work.Step())
            {
            }

            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}

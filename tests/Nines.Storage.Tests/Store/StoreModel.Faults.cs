using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <content>What goes wrong, or comes from outside.</content>
internal sealed partial class StoreModel
{
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
}

using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>A log on a simulated disk beside its model, driven by a seed. It stands in for the reactor and its background work.</summary>
internal sealed class LogRig
{
    public const string Directory = "log";

    public static readonly LogOptions Small = new()
    {
        SegmentBytes = 24 << 10, GrowingSegmentBytes = 8 << 10, MaxBytes = 1 << 20, ReserveBytes = 0, SpaceCheckBytes = 64 << 10,
    };

    private readonly Prng _prng;
    private readonly LogOptions _options;
    private LogFlush? _flush;
    private LogMaintenance? _maintenance;
    private bool _flushDone;
    private bool _maintenanceDone;
    private long _term = 1;

    public LogRig(ulong seed, LogOptions? options = null)
    {
        _prng = new Prng(seed);
        _options = options ?? Small;
        Disk = new SimulatedDisk(_prng.Fork());
        Recovery = SegmentedLog.Recover(Disk, Directory, _options);
    }

    public SimulatedDisk Disk { get; }

    public LogRecovery Recovery { get; private set; }

    public SegmentedLog Log => Recovery.Log;

    public int GroupCount { get; set; } = 4;

    public bool CrashesInRecovery { get; init; }

    public int PayloadMax { get; set; } = 600;

    /// <summary>With everything staged.</summary>
    public LogModel Staged { get; private set; } = new();

    /// <summary>What flushes that ended promise.</summary>
    public LogModel Durable { get; private set; } = new();

    /// <summary>What the flush under way leads to.</summary>
    public LogModel? InFlight { get; private set; }

    public int Acknowledged { get; private set; }

    public int SurvivedInFlight { get; private set; }

    public int Torn { get; private set; }

    /// <summary>One random thing. A power loss may come out of it as an exception.</summary>
    public void Turn()
    {
        switch (_prng.Below(12))
        {
            case 0 or 1 or 2 or 3: Append(); break;
            case 4: Vote(); break;
            case 5: Discard(); break;
            case 6 when _prng.Chance(0.1): Restart(); break;
            case 7 when _prng.Chance(0.05): Remove(); break;
            case 8: Maintain(); break;
            case 9 when _prng.Chance(0.2): Seal(); break;
            default: StepFlush(); break;
        }
    }

    public void Flush()
    {
        do
        {
            StepFlush();
        }
        while (_flush != null || Log.HasStaged);
    }

    public void MaintainAll()
    {
        while (_maintenance != null || (_maintenance = Log.TakeMaintenance()) != null)
        {
            Maintain();
        }
    }

    public void Append(int group = -1, int count = 0, int bytes = -1)
    {
        ModelGroup model = Pick(ref group);
        long next = model.Last + 1;
        if (count == 0 && model.Entries.Count > 0 && _prng.Chance(0.1))
        {
            next -= _prng.Between(1, Math.Min(5, model.Entries.Count));
            _term++;
        }

        if (model.HardState.Term.Value < _term)
        {
            SetHardState(group, new HardState(new Term(_term), new NodeId(_prng.Between(1, 3))));
        }

        for (int i = count == 0 ? _prng.Between(1, 6) : count; i > 0; i--)
        {
            var payload = new byte[bytes >= 0 ? bytes : _prng.Below(PayloadMax)];
            _prng.Fill(payload);
            var entry = new LogEntry(model.HardState.Term, new LogIndex(next++), (EntryKind)_prng.Below(3), payload);
            Log.Append(new GroupId(group), entry);
            model.Append(entry);
        }
    }

    public void Vote()
    {
        int group = -1;
        Pick(ref group);
        _term++;
        SetHardState(group, new HardState(new Term(_term), new NodeId(_prng.Below(4))));
    }

    public void Discard(int group = -1)
    {
        ModelGroup model = Pick(ref group);
        if (Durable.Groups.TryGetValue(group, out ModelGroup? durable) && (InFlight == null || InFlight.Groups.ContainsKey(group)))
        {
            // Only what is the same in every view: committed entries are never replaced.
            long upTo = Math.Min(model.Last, durable.Last);
            while (upTo > model.Base.Index.Value && !IsShared(upTo))
            {
                upTo--;
            }

            if (upTo > model.Base.Index.Value)
            {
                upTo -= _prng.Below((int)(upTo - model.Base.Index.Value));
                model.Discard(Log.Discard(new GroupId(group), new LogIndex(upTo)).Value);
            }

            bool IsShared(long index) => index > durable.Base.Index.Value
                && durable.Entries[(int)(index - durable.Base.Index.Value) - 1].Position
                == model.Entries[(int)(index - model.Base.Index.Value) - 1].Position;
        }
    }

    public void StepFlush()
    {
        if (_flush == null)
        {
            if (!Log.HasStaged)
            {
                return;
            }

            _flush = Log.BeginFlush();
            InFlight = Staged.Clone();
            _flushDone = false;
        }
        else if (!_flushDone)
        {
            _flushDone = !_flush.Step();
        }
        else
        {
            EndFlush();
        }
    }

    public void Maintain()
    {
        _maintenance ??= Log.TakeMaintenance();
        if (_maintenance == null)
        {
            return;
        }

        if (!_maintenanceDone)
        {
            _maintenanceDone = !_maintenance.Step();
        }
        else
        {
            Log.EndMaintenance(_maintenance, null);
            _maintenance = null;
            _maintenanceDone = false;
        }
    }

    public void Seal()
    {
        if (_flush == null && Log.BeginSeal() is { } seal)
        {
            _flush = seal;
            _flushDone = false;
            InFlight = null;
        }
    }

    /// <summary>Stops without warning, opens the log again, and compares.</summary>
    public void CrashAndCompare(CrashOptions? options)
    {
        if (options is { } powerLoss)
        {
            Disk.Crash(powerLoss);
        }
        else
        {
            Disk.Kill();
        }

        Reopen();
        string recovered = LogModel.Of(Recovery).Text();
        if (Recovery.Condition == LogCondition.Damaged || Recovery.Groups.Any(group => group.Lost || group.Holes.Count > 0))
        {
            Assert.Fail(string.Join('\n', Recovery.Findings) + Dump());
        }

        Torn += Recovery.Condition == LogCondition.TornTail ? 1 : 0;
        if (InFlight != null && recovered == InFlight.Text())
        {
            SurvivedInFlight++;
        }
        else
        {
            Assert.Equal(Durable.Text(hardStates: false), LogModel.Of(Recovery).Text(hardStates: false));
            CompareHardStates();
        }

        Settle();
    }

    /// <summary>What was recovered is what the next run goes on with.</summary>
    public void Settle()
    {
        Durable = LogModel.Of(Recovery);
        Staged = Durable.Clone();
        InFlight = null;
        Acknowledged = 0;
    }

    public void Reopen()
    {
        _flush = null;
        _maintenance = null;
        _flushDone = false;
        _maintenanceDone = false;
        if (CrashesInRecovery && _prng.Chance(0.3))
        {
            CrashInRecovery();
        }

        Recovery = SegmentedLog.Recover(Disk, Directory, _options);
        string first = LogModel.Of(Recovery).Text();
        Recovery = SegmentedLog.Recover(Disk, Directory, _options);
        Assert.Equal(first, LogModel.Of(Recovery).Text());
    }

    private void CrashInRecovery()
    {
        Disk.PowerLossAfter = _prng.Below(5);
        try
        {
            SegmentedLog.Recover(Disk, Directory, _options).Log.Dispose();
        }
        catch (PowerLossException)
        {
        }

        Disk.Crash(CrashOptions.Draw(_prng));
    }

    // A hard state of the batch that was cut may be remembered or not, but none may go back.
    private void CompareHardStates()
    {
        foreach ((int id, ModelGroup durable) in Durable.Groups)
        {
            HardState recovered = LogModel.Of(Recovery).Groups[id].HardState;
            bool remembered = InFlight != null
                && (!InFlight.Groups.TryGetValue(id, out ModelGroup? inFlight) || recovered == inFlight.HardState)
                && recovered.Term >= durable.HardState.Term;
            Assert.True(recovered == durable.HardState || remembered, $"{recovered} after {durable.HardState}");
        }
    }

    public string Dump()
    {
        var text = new System.Text.StringBuilder("\n");
        foreach (string path in Disk.AllFiles())
        {
            byte[] bytes = Disk.Peek(path);
            text.AppendLine($"{path} {bytes.Length}");
            for (int at = 0; at + 48 <= bytes.Length; at += 16)
            {
                string magic = System.Text.Encoding.ASCII.GetString(bytes, at, 4);
                if (magic is "N9BH" or "N9BT" or "N9SL" or "NINE")
                {
                    text.AppendLine($"  {at} {magic} seg {BitConverter.ToInt64(bytes, at + 8)} batch {BitConverter.ToInt64(bytes, at + 16)} at {BitConverter.ToInt64(bytes, at + 24)} {BitConverter.ToInt32(bytes, at + 32)} {BitConverter.ToInt32(bytes, at + 36)}");
                }
            }
        }

        return text.ToString();
    }

    private void EndFlush()
    {
        LogFlush flush = _flush!;
        _flush = null;
        Log.EndFlush(flush, null);
        if (!flush.IsSeal)
        {
            Durable = InFlight!;
            Acknowledged++;
        }

        InFlight = null;
    }

    private ModelGroup Pick(ref int group)
    {
        if (group < 0)
        {
            group = _prng.Below(GroupCount);
        }

        if (!Staged.Groups.TryGetValue(group, out ModelGroup? model))
        {
            model = new ModelGroup();
            Staged.Groups.Add(group, model);
            SetHardState(group, new HardState(new Term(_term), NodeId.None));
        }

        return model;
    }

    private void SetHardState(int group, HardState state)
    {
        Log.SetHardState(new GroupId(group), state);
        Staged.Groups[group].HardState = state;
    }

    private void Restart()
    {
        int group = -1;
        ModelGroup model = Pick(ref group);
        var position = new LogPosition(model.HardState.Term, new LogIndex(model.Last + _prng.Below(50) + 1));
        Log.SetBase(new GroupId(group), position);
        model.Base = position;
        model.Entries.Clear();
    }

    private void Remove()
    {
        int group = _prng.Below(GroupCount);
        if (Staged.Groups.Remove(group))
        {
            Log.RemoveGroup(new GroupId(group));
        }
    }
}

using BenchmarkDotNet.Attributes;
using Nines.Kernel;
using Nines.Storage.Log;

namespace Nines.Bench;

/// <summary>
/// Append a batch of 256-byte entries and make it durable, on a real disk, per batch. Segments are prepared beside it on another
/// thread, as a node does.
/// </summary>
public class LogBenchmarks : IDisposable
{
    private static readonly GroupId Group = new(1);

    private readonly byte[] _payload = new byte[256];
    private TemporaryDisk? _disk;
    private SegmentedLog _log = null!;
    private LogMaintenance? _maintenance;
    private Task _maintaining = Task.CompletedTask;
    private long _index;

    [Params(1, 64, 512)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _disk = new TemporaryDisk();
        _log = SegmentedLog.Recover(_disk.Disk, "log", new LogOptions()).Log;
        _index = 0;
        AppendAndFlush();
        _maintaining.Wait();
    }

    [Benchmark]
    public void AppendAndFlush()
    {
        for (int i = 0; i < Batch; i++)
        {
            _log.Append(Group, new LogEntry(new Term(1), new LogIndex(++_index), EntryKind.Command, _payload));
        }

        LogFlush flush = _log.BeginFlush();
        flush.Run();
        _log.EndFlush(flush, null);
        if (_log.Bytes > 128 << 20)
        {
            _log.Discard(Group, new LogIndex(_index));
        }

        Maintain();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        if (_disk is null)
        {
            return;
        }

        _maintaining.Wait();
        _log.Dispose();
        _disk.Dispose();
        _disk = null;
        GC.SuppressFinalize(this);
    }

    private void Maintain()
    {
        if (!_maintaining.IsCompleted)
        {
            return;
        }

        if (_maintenance is not null)
        {
            _log.EndMaintenance(_maintenance, _maintaining.Exception?.InnerException);
        }

        _maintenance = _log.TakeMaintenance();
        if (_maintenance is { } work)
        {
            _maintaining = Task.Run(work.Run);
        }
    }
}

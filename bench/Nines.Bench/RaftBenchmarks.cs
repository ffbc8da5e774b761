using BenchmarkDotNet.Attributes;
using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Bench;

/// <summary>
/// The pure core: propose, append, acknowledge, commit and apply on three replicas, per entry of 256 bytes. All three cores' work is
/// in the figure.
/// </summary>
public class RaftBenchmarks
{
    private const int Entries = 64;

    private readonly byte[] _payload = new byte[256];
    private readonly ByteBuffer _buffer = new(64 << 10);
    private readonly List<LogEntry> _decoded = new(Entries);
    private RaftCores _cores = null!;
    private RaftMessage _append;
    private RaftLog _log = null!;
    private byte[] _encoded = [];

    [GlobalSetup]
    public void Setup()
    {
        _cores = new RaftCores();
        _log = new RaftLog(LogPosition.Zero);
        for (int i = 1; i <= Entries; i++)
        {
            _log.Append(new LogEntry(new Term(1), new LogIndex(i), EntryKind.Command, _payload));
        }

        _append = RaftMessage.Append(new NodeId(1), new NodeId(2), new Term(1), LogPosition.Zero, Entries, LogIndex.Zero);
        RaftCodec.Write(_append, _log, _buffer);
        _encoded = _buffer.ToArray();
    }

    /// <summary>Each entry makes its own round.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public void CommitOneByOne()
    {
        for (int i = 0; i < Entries; i++)
        {
            _cores.Propose(_payload);
            _cores.Settle();
        }
    }

    /// <summary>64 entries share a round.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public void CommitBatchOf64()
    {
        for (int i = 0; i < Entries; i++)
        {
            _cores.Propose(_payload);
        }

        _cores.Settle();
    }

    /// <summary>An Append of 64 entries to bytes, per entry.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public int EncodeAppend()
    {
        _buffer.Clear();
        RaftCodec.Write(_append, _log, _buffer);
        return _buffer.Length;
    }

    /// <summary>The same from bytes.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public bool DecodeAppend() => RaftCodec.TryRead(_encoded, _decoded, out _);
}

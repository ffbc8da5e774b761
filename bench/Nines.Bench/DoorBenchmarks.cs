using BenchmarkDotNet.Attributes;
using Nines.Kernel;

namespace Nines.Bench;

/// <summary>From the JSON of a request to the command or query that goes to the replicas; HTTP is not in it.</summary>
public class DoorBenchmarks
{
    private readonly byte[] _put = TableRequests.Put(1234);
    private readonly byte[] _get = TableRequests.Get(1234);
    private readonly ByteBuffer _key = new();
    private readonly ByteBuffer _command = new(1024);

    /// <summary>An item with a value of 256 bytes.</summary>
    [Benchmark]
    public int PutItem()
    {
        TableRequests.Command(_put, _key, _command);
        return _command.Length;
    }

    [Benchmark]
    public int GetItem()
    {
        TableRequests.Query(_get, _key, _command);
        return _command.Length;
    }
}

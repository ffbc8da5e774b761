using System.IO.Compression;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables;
using Nines.Tables.Engines;
using Nines.Tables.Model.Machine;

namespace Nines.Fuzz.Targets;

/// <summary>
/// The whole tables door over groups in memory: headers, body (plain or gzip), engine, answer. An input is five lines of headers and a body; it
/// must get an HTTP answer that is neither a 500 nor nothing.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Each episode disposes the engine of the one before.")]
internal sealed class DoorTarget : FuzzTarget
{
    private static readonly string[] HeaderNames =
        ["X-Amz-Target", "x-nines-consistency", "x-nines-session", "amz-sdk-invocation-id", "Content-Encoding"];

    private static readonly string[] Operations =
    [
        "PutItem", "UpdateItem", "GetItem", "GetItem", "DeleteItem", "UpdateItem", "BatchGetItem", "BatchWriteItem", "CreateTable", "CreateTable",
        "DescribeTable", "ListTables", "Query", "Query", "Scan", "Scan", "DescribeTable", "TagResource", "UntagResource", "ListTagsOfResource",
        "UpdateTable", "UpdateTable", "UpdateTable", "TransactWriteItems", "TransactGetItems",
        "CreateTable", "UpdateTable", "UpdateTable", "Query", "UpdateTimeToLive", "UpdateTable",
        "ListStreams", "DescribeStream", "GetShardIterator", "GetRecords",
        "ExecuteStatement", "ExecuteStatement", "ExecuteStatement", "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction",
        "ExecuteTransaction",
    ];

    private static readonly string[] StreamOperations = ["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"];

    private readonly IOperationEngine? _operations;
    private readonly IReadOnlyList<byte[]> _corpus;
    private readonly byte[][] _setup;
    private TablesDoor _door = null!;
    private EmbeddedTableEngine? _engine;

    /// <param name="name">Of the target.</param>
    /// <param name="operations">What the door hands operations on to; null: the door over groups in memory.</param>
    public DoorTarget(string name, IOperationEngine? operations = null)
        : base(name)
    {
        _operations = operations;
        _corpus =
        [
            .. TablesRequestTargets.Corpus.Select((body, i) => Request(Operations[i], Bytes.Of(body), i)),
            Request("DeleteTable", Bytes.Of(TablesRequestTargets.Corpus[10]), 0),
            Request("DescribeTimeToLive", Bytes.Of(TablesRequestTargets.Corpus[10]), 0),
            Request("DescribeLimits", Bytes.Of("{}"), 0), Request("DescribeEndpoints", Bytes.Of("{}"), 0),
            Request("PutItem", Gzip(Bytes.Of(TablesRequestTargets.Corpus[0])), 0, "gzip"),
        ];
        string table = TablesRequestTargets.Corpus[8].Replace("table2", "table", StringComparison.Ordinal);
        _setup = [Request("CreateTable", Bytes.Of(table), 0), .. _corpus.Take(2)];
    }

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override IReadOnlyList<byte[]> Pieces => Bytes.OfAll(TablesRequestTargets.Words);

    public override int Episode => 200;

    // Each group in memory keeps the first answer of every request; a page of a Scan weighs up to 1.4 MB, and is there as bytes of the
    // group, of its answer and as JSON.
    public override long BytesAllowed(int length) => (12 << 20) + (1024L * length);

    public override void Begin(Prng random)
    {
        if (_operations is not null)
        {
            _door = new TablesDoor(_operations);
            return;
        }

        _engine?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _engine = new EmbeddedTableEngine(new MemoryGroups(), TimeProvider.System);
        _door = new TablesDoor(_engine, new TablesDoorOptions { Node = "n1" });
        foreach (byte[] request in _setup)
        {
            Try(request);
        }
    }

    public override bool Try(byte[] input)
    {
        var exchange = new Exchange();
        ReadOnlySpan<byte> left = input;
        foreach (string name in HeaderNames)
        {
            int end = left.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? default : left[..end];
            left = end < 0 ? left : left[(end + 1)..];
            if (!line.IsEmpty)
            {
                exchange.Headers[name] = line.ToArray();
            }
        }

        exchange.Sent = left.ToArray();
        Task handled = _door.HandleAsync(exchange).AsTask();
        if (!handled.IsCompleted)
        {
            handled.Wait(TimeSpan.FromSeconds(10));
        }

        handled.GetAwaiter().GetResult();
        int status = exchange.Status;
        Invariant.Assert(status is >= 200 and < 500, $"status {status}: {System.Text.Encoding.UTF8.GetString(exchange.Answered)}");
        return status == 200;
    }

    private static byte[] Request(string operation, byte[] body, int variant, string encoding = "")
    {
        string[] levels = ["", "eventual", "sequential", "strong"];
        string id = variant % 3 == 1 ? $"7e6ee4a5-0000-4000-8000-0000000000{variant:D2}" : "";
        string service = StreamOperations.Contains(operation) ? "DynamoDBStreams_20120810" : "DynamoDB_20120810";
        return [.. Bytes.Of($"{service}.{operation}\n{levels[variant % 4]}\n\n{id}\n{encoding}\n"), .. body];
    }

    private static byte[] Gzip(byte[] body)
    {
        var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return stream.ToArray();
    }

    /// <summary>A request and its answer without a connection.</summary>
    private sealed class Exchange : HttpExchange
    {
        public Dictionary<string, byte[]> Headers { get; } = new(StringComparer.OrdinalIgnoreCase)
        {
            ["content-type"] = "application/x-amz-json-1.0"u8.ToArray(),
        };

        public byte[] Sent { get; set; } = [];

        public int Status { get; private set; }

        public byte[] Answered { get; private set; } = [];

        public override ReadOnlySpan<byte> Method => "POST"u8;

        public override ReadOnlySpan<byte> Target => "/"u8;

        public override ReadOnlyMemory<byte> Body => Sent;

        public override bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            bool found = Headers.TryGetValue(System.Text.Encoding.ASCII.GetString(name), out byte[]? bytes);
            value = bytes;
            return found;
        }

        public override void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }

        public override void Answer(int status, ReadOnlySpan<byte> body)
        {
            Status = status;
            Answered = body.ToArray();
        }
    }

    /// <summary>Groups without replication.</summary>
    private sealed class MemoryGroups : IReplicated
    {
        private readonly TablesMachine _machine = new();
        private readonly MemoryState[] _states = [new(), new(), new()];
        private readonly long[] _applied = new long[3];
        private IAppliedListener? _listener;

        public IReadOnlyList<GroupId> Groups { get; } = [new(1), new(2)];

        public GroupId GroupOf(int slot) => new(1 + (slot % 2));

        public RequestId NewId() => RequestId.None;

        public bool Leads(GroupId group) => true;

        public void Listen(byte machine, IAppliedListener listener) => _listener = listener;

        public ValueTask<Answer> WriteAsync(GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout)
        {
            lock (_states)
            {
                var body = new ByteBuffer();
                long position = ++_applied[group.Value];
                _states[group.Value].Position = new(position);
                _machine.Apply(new CommandContext(new(position), 1_700_000_000_000), command.ToArray(), _states[group.Value], body);
                _listener?.Applied(group, leads: true, body.Written);
                return new(At(group, body));
            }
        }

        public ValueTask<Answer> ReadAsync(
            GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
        {
            lock (_states)
            {
                var body = new ByteBuffer();
                _machine.Query(query.ToArray(), _states[group.Value], body);
                return new(At(group, body));
            }
        }

        private Answer At(GroupId group, ByteBuffer body) => new()
        {
            Outcome = Outcome.Done, Group = group, Term = new(1), Position = new(_applied[group.Value]), Body = body.ToArray(),
        };
    }
}

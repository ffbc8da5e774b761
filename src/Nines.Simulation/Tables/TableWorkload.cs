using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>
/// Clients of tables: transfers between accounts in many groups, beside readers of all of them at once; and appends to lists, in
/// transactions and one by one, beside readers of several and of one. Each request is sent again until it is known what became of
/// it, with the same token and mostly through another node.
/// </summary>
internal sealed partial class TableWorkload
{
    public const long MoneyEach = 100;

    private const int ClientCount = 8;
    private const double RetryDelayMeanUs = 150_000;
    private const double ExpiryDelayMeanUs = 5_000_000;
    private static readonly TimeSpan SetupTimeout = TimeSpan.FromSeconds(5);

    private readonly SimulatedCluster _cluster;
    private readonly WorkloadOptions _options;
    private readonly Prng _random;
    private readonly TableCalls _calls;
    private readonly List<TableOperation> _history = [];
    private long _lastNumber;
    private int _running;
    private bool _isOpen = true;

    public TableWorkload(SimulatedCluster cluster, WorkloadOptions options, Prng random)
    {
        _cluster = cluster;
        _options = options;
        _random = random;
        _calls = new TableCalls(cluster, random.Fork(), options.AnswerLoss);
        Accounts = [.. Enumerable.Range(0, random.Between(2, 20)).Select(static i => $"a{i}")];
        Lists = [.. Enumerable.Range(0, random.Between(2, 6)).Select(static i => $"l{i}")];
    }

    /// <summary>How long a request may take.</summary>
    public TimeSpan Timeout => TimeSpan.FromMilliseconds(_options.TimeoutMs);

    public IReadOnlyList<string> Accounts { get; }

    public IReadOnlyList<string> Lists { get; }

    /// <summary>Operations on lists.</summary>
    public IReadOnlyList<TableOperation> History => _history;

    /// <summary>Transfers, by the name of their entry in the journal.</summary>
    public SortedDictionary<string, TableOperation> Transfers { get; } = new(StringComparer.Ordinal);

    /// <summary>Readings of all accounts at once.</summary>
    public int Counts { get; private set; }

    /// <summary>A world without a transaction that was done, or without a reading of several items, says nothing about transactions.</summary>
    public bool IsVacuous => !Transfers.Values.Any(static t => t.IsDone) || Counts == 0;

    /// <summary>What was done, in one line.</summary>
    public string Describe() =>
        $"{Accounts.Count} accounts, {Ends(Transfers.Values)} transfers, {Counts} counts; {Lists.Count} lists, "
        + $"{Ends(_history.Where(static o => o.Appends.Count > 0))} appends, {_history.Count(static o => o.Appends.Count == 0)} reads"
        + StreamsText;

    /// <summary>Every client has ended what it began.</summary>
    public bool IsIdle => _running == 0;

    /// <summary>Tables were made and the accounts are full; before, nothing can be said.</summary>
    public bool IsReady { get; private set; }

    public void Begin() => _ = GuardedAsync(RunAsync);

    /// <summary>No new operations; those open are brought to their end.</summary>
    public void Close()
    {
        _isOpen = false;
        _calls.IsQuiet = true;
    }

    /// <summary>Does something in the quiet phase.</summary>
    public void Finally(Func<TableFinalReads, Task> read) =>
        _ = GuardedAsync(() => read(new TableFinalReads(this, _calls, NewStreamReaders)));

    /// <summary>Sends until there is an answer that is not "not done".</summary>
    public async Task<T> InsistAsync<T>(Func<EmbeddedTableEngine, ValueTask<T>> call, Func<T, bool> isGood)
        where T : struct
    {
        while (true)
        {
            CallEnd<T> end = await _calls.SendAsync(_calls.AnyNode(), SetupTimeout, call);
            if (end.Result is { } result && isGood(result))
            {
                return result;
            }

            await _calls.PauseAsync(1 + (long)_random.Exponential(RetryDelayMeanUs));
        }
    }

    public TableCall Call(UInt128 invocation = default, TimeSpan? timeout = null) => new()
    {
        Timeout = timeout ?? Timeout,
        InvocationId = invocation,
    };

    private async Task RunAsync()
    {
        await SetUpAsync();
        IsReady = true;
        for (int i = 0; i < ClientCount; i++)
        {
            _ = GuardedAsync(ClientAsync);
        }

        _ = GuardedAsync(BeginExpiryAsync);
        FollowStreams();
    }

    private async Task SetUpAsync()
    {
        await CreateAsync(TableRequests.Create(TableRequests.Accounts));
        await CreateAsync(TableRequests.Create(TableRequests.Lists));
        await CreateAsync(ThingRequests.Create());
        foreach (string account in Accounts)
        {
            await InsistAsync(
                engine => engine.ItemAsync(TableRequests.Put(TableRequests.Accounts, account, MoneyEach), Call()),
                static result => result.Error is null);
        }
    }

    private async Task CreateAsync(Nines.Tables.Model.Catalogue.TableDescription wanted)
    {
        var id = new UInt128(_random.Next(), _random.Next());
        await InsistAsync(
            engine => engine.CreateTableAsync(wanted, Call(id)),
            static result => result.Error is null || result.Error.Message.Contains("already exists", StringComparison.Ordinal));
        await InsistAsync(
            engine => engine.DescribeTableAsync(wanted.Name, Call()),
            static result => result.Table is { Status: Nines.Tables.Model.Catalogue.TableStatus.Active });
    }

    private async Task ClientAsync()
    {
        while (true)
        {
            await _calls.PauseAsync(1 + (long)_random.Exponential(1e6 * ClientCount / _options.OpsPerSecond));
            if (!_isOpen)
            {
                return;
            }

            switch (_random.Below(10))
            {
                case 0 or 1:
                    await TransferAsync();
                    break;
                case 2:
                    await CountMoneyAsync();
                    break;
                case 3 or 4:
                    await AppendToSeveralAsync();
                    break;
                case 5:
                    await AppendToOneAsync();
                    break;
                case 6:
                    await ReadSeveralAsync();
                    break;
                case 7 or 8:
                    await ChangeThingAsync();
                    break;
                default:
                    await ReadOneAsync();
                    break;
            }
        }
    }

    /// <summary>Sends a write until its end is known, or often enough. Gives the last answer.</summary>
    private async Task<T?> SendAsync<T>(
        TableOperation operation, Func<EmbeddedTableEngine, ValueTask<T>> call, Func<T, (TableError? Error, Outcome Outcome)> judge)
        where T : struct
    {
        bool isUnknown = false;
        T? last = null;
        for (int attempt = 0; attempt < _options.AttemptsMax; attempt++)
        {
            CallEnd<T> end = await _calls.SendAsync(_calls.AnyNode(), Timeout, call);
            last = end.Result ?? last;
            if (end.Result is { } result)
            {
                (TableError? error, Outcome outcome) = judge(result);
                if (error is null)
                {
                    Ended(operation, OperationEnd.Done);
                    return result;
                }

                isUnknown |= outcome == Outcome.Unknown;
                if (error.Status == 400 && outcome == Outcome.NotDone)
                {
                    break;
                }
            }
            else
            {
                isUnknown |= end.WasSent;
            }

            await _calls.PauseAsync(1 + (long)_random.Exponential(RetryDelayMeanUs));
        }

        // Refused now; but a sending of which nothing is known may still be on its way.
        Ended(operation, isUnknown ? OperationEnd.Info : OperationEnd.NotDone);
        return last;
    }

    private TableOperation NewOperation(string what, IReadOnlyList<string> appends) =>
        new(++_lastNumber, what, _cluster.World.NowUs) { Appends = appends };

    private void Ended(TableOperation operation, OperationEnd end)
    {
        operation.End = end;
        operation.EndedUs = end == OperationEnd.Info ? long.MaxValue : _cluster.World.NowUs;
    }

    private static string Ends(IEnumerable<TableOperation> operations)
    {
        TableOperation[] all = [.. operations];
        return $"{all.Count(static o => o.IsDone)} done {all.Count(static o => o.End == OperationEnd.NotDone)} refused "
            + $"{all.Count(static o => o.End == OperationEnd.Info)} unknown";
    }

    private async Task GuardedAsync(Func<Task> work)
    {
        _running++;
        try
        {
            await work();
        }
#pragma warning disable CA1031 // A client that fails is a finding, not the end of the simulator.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _cluster.Findings.Add('X', "exception", $"a client of tables: {exception}");
        }
        finally
        {
            _running--;
        }
    }
}

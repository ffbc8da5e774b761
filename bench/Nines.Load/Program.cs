using System.Diagnostics;
using System.Globalization;
using Nines.Load;

// Load on the tables door beyond single puts and gets: closed loop, one request at a time for each client.
if (args.Length < 2)
{
    Console.WriteLine("""
        nines-load WORKLOAD ENDPOINT[,ENDPOINT...] [CLIENTS [SECONDS [RATE]]]

        WORKLOAD   put, put-gsi (three global indexes), transact (4 puts in 4 groups), transact-one (1 put), transact-one-token,
                   transact-get (4 items), query (100 items of 256 B), scan (items are counted)
        ENDPOINT   127.0.0.1:8000,127.0.0.1:18000,127.0.0.1:28000
        CLIENTS    64, each with a connection of its own
        SECONDS    5, after one second that is not counted
        RATE       operations per second over all clients; without it as fast as they can

        Prints operations (or items) per second, latency in milliseconds and the servers' processor time for each.
        """);
    return 2;
}

string[] endpoints = args[1].Split(',');
int clients = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 64;
double seconds = args.Length > 3 ? double.Parse(args[3], CultureInfo.InvariantCulture) : 5;
double rate = args.Length > 4 ? double.Parse(args[4], CultureInfo.InvariantCulture) : 0;
Workload workload = Workload.Of(args[0]);
Connection[] connections = await Task.WhenAll(Enumerable.Range(0, clients).Select(i => Connection.OpenAsync(endpoints[i % endpoints.Length])));
await workload.PrepareAsync(connections);
int[] servers = Processes.At(endpoints);

long counted = 0;
long errors = 0;
string firstError = "";
var latencies = new List<double>[clients];
bool isCounting = false;
bool isOver = false;
Task[] running = [.. Enumerable.Range(0, clients).Select(RunAsync)];
await Task.Delay(TimeSpan.FromSeconds(1));
TimeSpan usedBefore = Processes.Used(servers);
Volatile.Write(ref isCounting, true);
var watch = Stopwatch.StartNew();
await Task.Delay(TimeSpan.FromSeconds(seconds));
Volatile.Write(ref isCounting, false);
TimeSpan elapsed = watch.Elapsed;
TimeSpan used = Processes.Used(servers) - usedBefore;
Volatile.Write(ref isOver, true);
await Task.WhenAll(running);

double[] sorted = [.. latencies.SelectMany(static l => l).Order()];
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{args[0],-18} {clients,4} clients {counted / elapsed.TotalSeconds,9:F0}/s  p50 {At(0.5),7:F2} p99 {At(0.99),7:F2} max {At(1),7:F2} ms  "
    + $"server CPU {used.TotalMicroseconds / Math.Max(1, counted),7:F1} us each  {errors} errors {firstError}"));
foreach (Connection connection in connections)
{
    connection.Dispose();
}

return errors > 0 ? 1 : 0;

double At(double quantile) => sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(quantile * sorted.Length))];

async Task RunAsync(int client)
{
    var random = new Random(client);
    latencies[client] = [];
    double due = rate > 0 ? clients / rate : 0;
    long began = Stopwatch.GetTimestamp();
    for (long i = 0; !Volatile.Read(ref isOver); i++)
    {
        long start = Stopwatch.GetTimestamp();
        if (due > 0)
        {
            // Latency counts from when the request was due, not from when it could be sent.
            start = began + (long)((i + ((double)client / clients)) * due * Stopwatch.Frequency);
            TimeSpan early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), start);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early);
            }
        }

        long count = await workload.RunAsync(connections[client], client, random);
        if (!Volatile.Read(ref isCounting))
        {
            continue;
        }

        if (count < 0)
        {
            Interlocked.Increment(ref errors);
            firstError = System.Text.Encoding.UTF8.GetString(connections[client].Body.Span);
        }
        else
        {
            Interlocked.Add(ref counted, count);
            latencies[client].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}

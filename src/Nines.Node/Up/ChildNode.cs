using System.Diagnostics;
using Nines.Node.Configuration;

namespace Nines.Node.Up;

/// <summary>
/// One node process. It holds our end of its standard input: when this process dies, however it dies, the pipe closes and the child
/// stops by itself. A crashed child is started again, after a pause that doubles while it keeps crashing; one that refused to start stays
/// down until what it refused is gone.
/// </summary>
internal sealed class ChildNode(PlannedNode plan, Action<string, string> print) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A child that lived this long is given the first pause again.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private Process? _process;

    public PlannedNode Plan => plan;

    /// <summary>0 while it is down.</summary>
    public int ProcessId { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>Why it is down and not started again; null for one that runs, or is about to.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>Runs the child until it is told to stop.</summary>
    /// <param name="refused">Called when starting it again would be useless, once for each time.</param>
    public async Task RunAsync(Action<Refusal> refused)
    {
        try
        {
            await KeepRunningAsync(refused);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop while it was down.
        }
    }

    /// <summary>Asks the child to end by closing its input, and ends it by force when it has not done so within the patience.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        await _stop.CancelAsync();
        if (_process is not { } process)
        {
            return;
        }

        try
        {
            process.StandardInput.Close();
            using var timeout = new CancellationTokenSource(patience);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            print(plan.Name, $"did not stop within {patience.TotalSeconds} s; ending it by force");
            process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            print(plan.Name, "had ended already");
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _process?.Dispose();
    }

    private async Task KeepRunningAsync(Action<Refusal> refused)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            long started = Stopwatch.GetTimestamp();
            int code = await RunOnceAsync();
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            Restarts++;
            if (code is ExitCodes.Usage or ExitCodes.Refused)
            {
                await StayDownAsync(Refusal.Of(plan, code), refused);
                pause = FirstPause;
                continue;
            }

            pause = Stopwatch.GetElapsedTime(started) > Settled ? FirstPause : pause;
            print(plan.Name, $"ended with {Describe(code)}; starting it again in {pause.TotalMilliseconds} ms");
            await Task.Delay(pause, _stop.Token);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task StayDownAsync(Refusal refusal, Action<Refusal> refused)
    {
        Refusal = refusal;
        refused(refusal);
        while (!refusal.IsOver)
        {
            await Task.Delay(LookEvery, _stop.Token);
        }

        print(plan.Name, "what it refused is gone; starting it again");
        Refusal = null;
    }

    private async Task<int> RunOnceAsync()
    {
        using Process process = Start();
        _process = process;
        ProcessId = process.Id;
        if (_stop.IsCancellationRequested)
        {
            // Told to stop while it was being started: StopAsync may not have seen it.
            process.StandardInput.Close();
        }

        Task output = PumpAsync(process.StandardOutput);
        Task errors = PumpAsync(process.StandardError);
        await process.WaitForExitAsync();
        await Task.WhenAll(output, errors);
        ProcessId = 0;
        _process = null;
        return process.ExitCode;
    }

    private Process Start()
    {
        string self = Environment.ProcessPath ?? throw new InvalidOperationException("the path of this process is not known");
        var start = new ProcessStartInfo(self)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // What the plan decides for each node must not be overridden for all of them from outside.
        foreach (string key in plan.DecidedKeys)
        {
            start.Environment.Remove(ConfigurationKeys.Find(key)!.EnvironmentName);
        }

        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildNode).Assembly.Location);
        }

        start.ArgumentList.Add("node");
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(plan.ConfigurationPath);
        start.ArgumentList.Add("--until-stdin-closes");
        return Process.Start(start) ?? throw new InvalidOperationException($"{self} could not be started");
    }

    private async Task PumpAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            print(plan.Name, line);
        }
    }

    private static string Describe(int code) => code switch
    {
        > 128 => $"signal {code - 128}",
        ExitCodes.Fault => "exit code 4 (it stopped itself, see above)",
        _ => $"exit code {code}",
    };
}

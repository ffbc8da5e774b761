using System.Diagnostics;

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>
/// One process we started. It holds on to the standard input we give it and ends when that closes, so it dies with these tests; a
/// pause is held by a second process in the same way, so that it ends with these tests too.
/// </summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Task _pumps;
    private readonly List<string> _lines = [];
    private Process? _pause;

    private Child(Process process)
    {
        _process = process;
        _pumps = Task.WhenAll(PumpAsync(process.StandardOutput), PumpAsync(process.StandardError));
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public static Child Start(params IEnumerable<string> arguments) => Start(NinesProgram.StartInfo(arguments));

    public static Child Start(ProcessStartInfo start) =>
        new(Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start"));

    /// <summary>What it printed so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public string Text => string.Join('\n', Lines);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await ResumeAsync();
    }

    /// <summary>SIGSTOP; over when <see cref="ResumeAsync"/> is called or this process ends.</summary>
    public async Task PauseAsync()
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"kill -STOP {Id} && echo stopped; read -r line; kill -CONT {Id}");
        _pause = Process.Start(start)!;
        Assert.Equal("stopped", await _pause.StandardOutput.ReadLineAsync());
    }

    /// <summary>SIGCONT.</summary>
    public async Task ResumeAsync()
    {
        if (_pause is { } pause)
        {
            _pause = null;
            pause.StandardInput.Close();
            await pause.WaitForExitAsync();
            pause.Dispose();
        }
    }

    /// <summary>The exit code of a process that ends by itself.</summary>
    public async Task<int> EndAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Eventually.Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"process {Id} did not end:\n{Text}", e);
        }

        await _pumps;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await ResumeAsync();
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(StopPatience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _pumps;
        _process.Dispose();
    }

    private async Task PumpAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}

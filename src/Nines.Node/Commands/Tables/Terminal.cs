using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Nines.Node.Commands.Tables;

/// <summary>What a command of <c>nines tables</c> touches of the world: the process's own, or a test's.</summary>
internal sealed class Terminal
{
    public required IAnsiConsole Console { get; init; }

    public required IAnsiConsole Errors { get; init; }

    /// <summary>A person reads the output: it may be a table, and need not be all there is.</summary>
    public required bool IsOutTerminal { get; init; }

    /// <summary>A person sees the messages: progress may be drawn.</summary>
    public required bool IsErrorTerminal { get; init; }

    /// <summary>For lines of JSON; writing throws <see cref="IOException"/> when nobody reads any more.</summary>
    public required Func<Stream> OpenOut { get; init; }

    public required Func<Stream> OpenIn { get; init; }

    public required Func<HttpMessageHandler> Http { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static Terminal OfProcess() => new()
    {
        Console = Output.Console,
        Errors = Output.Errors,
        IsOutTerminal = !System.Console.IsOutputRedirected,
        IsErrorTerminal = !System.Console.IsErrorRedirected && Output.Errors.Profile.Capabilities.Interactive,
        OpenOut = OpenStandardOutput,
        OpenIn = System.Console.OpenStandardInput,
        Http = () => new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) },
    };

    /// <summary>A short answer; whole whatever the width.</summary>
    public void WriteLine(string line) => Console.Profile.Out.Writer.WriteLine(line);

    /// <summary>Says what went wrong, and gives the exit code back.</summary>
    public int Fail(int exitCode, string message)
    {
        Errors.MarkupLineInterpolated($"[red]nines:[/] {message}");
        return exitCode;
    }

    /// <summary>Tells a person something that is no part of the answer.</summary>
    public void Note(string message) => Errors.MarkupLineInterpolated($"{message}");

    private static Stream OpenStandardOutput()
    {
        // The console's own stream takes a closed pipe for success, and a scan would go on for nobody. The other one keeps its own place in a
        // file, which would overwrite what another process writes to the same file.
        var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? System.Console.OpenStandardOutput() : stream;
    }
}

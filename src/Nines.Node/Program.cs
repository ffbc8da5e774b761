using System.CommandLine;
using System.Runtime.InteropServices;
using Nines.Node.Commands;

// Read by the runtime before the first socket: what arrives is handled on the thread that polled it, one wake-up less for each
// request. Nothing that is called from there blocks. (That idle pool threads do not spin is in runtimeconfig.template.json: with several
// nodes on few processors a spinning thread takes the time of the one it waits for.)
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

ParseResult parsed = CommandTree.Build().Parse(args is [] ? ["--help"] : args);
if (parsed.Errors.Count > 0)
{
    return UsageErrors.Print(parsed);
}

CommandTree.ShortenBelow(parsed.CommandResult.Command);

// A terminal that closes is a reason to stop in order, as Ctrl-C is.
using var hangUp = new CancellationTokenSource();
using PosixSignalRegistration onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
{
    signal.Cancel = true;
    hangUp.Cancel();
});

// A node finishes the requests it has before it ends.
var patience = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
return await parsed.InvokeAsync(patience, hangUp.Token);

using System.CommandLine;
using Nines.Node;
using Nines.Node.Commands;

// Read by the runtime before the first socket: what arrives is handled on the thread that polled it, one wake-up less for each
// request. Nothing that is called from there blocks. (That idle pool threads do not spin is in runtimeconfig.template.json: with several
// nodes on few processors a spinning thread takes the time of the one it waits for.)
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

// A node finishes the requests it has before it ends.
var patience = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
ParseResult parsed = CommandTree.Build(overview: args is [] or [['-', ..], ..]).Parse(args);
int code = await parsed.InvokeAsync(patience);
return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;

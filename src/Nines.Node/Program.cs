using System.CommandLine;
using Nines.Node;
using Nines.Node.Commands;

// A node finishes the requests it has and hands over its leaderships before it ends.
var patience = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
ParseResult parsed = CommandTree.Build(overview: args is [] or [['-', ..], ..]).Parse(args);
int code = await parsed.InvokeAsync(patience);
return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;

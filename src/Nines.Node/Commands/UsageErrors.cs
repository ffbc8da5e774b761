using System.CommandLine;
using System.CommandLine.Parsing;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary>What is wrong with a command line, and where its right form is told; not the whole of it, which would hide the error.</summary>
internal static class UsageErrors
{
    public static int Print(ParseResult parsed)
    {
        foreach (ParseError error in parsed.Errors)
        {
            Output.Fail(ExitCodes.Usage, error.Message);
        }

        // "nines tables get": a command below another is found by the whole path.
        IEnumerable<string> path = parsed.CommandResult.Command.Parents.OfType<Command>().Where(c => c is not RootCommand).Select(c => c.Name);
        string command = parsed.CommandResult.Command is RootCommand ? "nines" : string.Join(' ', ["nines", .. path, parsed.CommandResult.Command.Name]);
        Output.Errors.MarkupLineInterpolated($"See {command} --help.");
        return ExitCodes.Usage;
    }
}

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

        string command = parsed.CommandResult.Command is RootCommand ? "nines" : $"nines {parsed.CommandResult.Command.Name}";
        Output.Errors.MarkupLineInterpolated($"See {command} --help.");
        return ExitCodes.Usage;
    }
}

using System.CommandLine;
using System.Reflection;
using Nines.Node.Commands.Tables;

namespace Nines.Node.Commands;

/// <summary>Everything the executable understands.</summary>
internal static class CommandTree
{
    private const string Description = """
        Nines: a few machines that behave as one dependable computer.

        Start here:
          nines doctor        is this machine fit?
          nines up            three nodes on this machine, until Ctrl-C
          nines status        how is the cluster?
          nines tables        what is in it?
          nines simulate      does it keep its promises?
        """;

    public static string Version { get; } =
        typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static RootCommand Build()
    {
        var version = new Command("version", "Prints the version, the runtime and the platform.");
        version.SetAction(_ => Console.WriteLine(
            $"nines {Version}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, "
            + System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier));
        return new RootCommand(Description)
        {
            UpCommand.Build(), NodeCommand.Build(), StatusCommand.Build(), TablesCommand.Build(Terminal.OfProcess()), SimulateCommand.Build(),
            DoctorCommand.Build(), version,
        };
    }

    /// <summary>Leaves of each command below this one only the first sentence, as a list of commands wants it.</summary>
    public static void ShortenBelow(Command command)
    {
        foreach (Command below in command.Subcommands)
        {
            string text = below.Description!.ReplaceLineEndings(" ");
            below.Description = text[..(text.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? end + 1 : text.Length)];
        }
    }
}

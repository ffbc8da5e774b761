using System.CommandLine;
using System.Reflection;

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
          nines simulate      does it keep its promises?
        """;

    public static string Version { get; } =
        typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <param name="overview">Of each command only the first sentence, as the list of commands wants it.</param>
    public static RootCommand Build(bool overview)
    {
        var version = new Command("version", "Prints the version, the runtime and the platform.");
        version.SetAction(_ => Console.WriteLine(
            $"nines {Version}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, "
            + System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier));
        var root = new RootCommand(Description)
        {
            UpCommand.Build(), NodeCommand.Build(), StatusCommand.Build(), SimulateCommand.Build(), DoctorCommand.Build(), version,
        };
        if (overview)
        {
            foreach (Command command in root.Subcommands)
            {
                string text = command.Description!.ReplaceLineEndings(" ");
                command.Description = text[..(text.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? end + 1 : text.Length)];
            }
        }

        return root;
    }
}

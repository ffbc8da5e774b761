using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary>What the commands print. Colours and width of the terminal when there is one, plain wide text otherwise.</summary>
internal static class Output
{
    /// <summary>Into a pipe or a file there is no width to fit: lines stay whole for grep.</summary>
    private const int PipeWidth = 240;

    public static IAnsiConsole Console { get; } = Create(System.Console.Out, System.Console.IsOutputRedirected);

    public static IAnsiConsole Errors { get; } = Create(System.Console.Error, System.Console.IsErrorRedirected);

    public static Table NewTable(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true });
        }

        return table;
    }

    /// <summary>Says what went wrong, and gives the exit code back.</summary>
    public static int Fail(int exitCode, string message)
    {
        Errors.MarkupLineInterpolated($"[red]nines:[/] {message}");
        return exitCode;
    }

    /// <summary>Prints what may be lost: a terminal that was closed, or a pipe that nobody reads, is no reason to stop a cluster badly.</summary>
    public static void TryPrint(TextWriter to, string line)
    {
        try
        {
            to.WriteLine(line);
        }
        catch (IOException)
        {
            // There is nobody left to tell.
        }
    }

    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => $"{bytes} B",
        < 1L << 20 => $"{bytes / (double)(1L << 10):0.0} KiB",
        < 1L << 30 => $"{bytes / (double)(1L << 20):0.0} MiB",
        _ => $"{bytes / (double)(1L << 30):0.0} GiB",
    };

    public static string Span(double seconds) => seconds switch
    {
        < 60 => $"{seconds:0} s",
        < 3600 => $"{seconds / 60:0} min",
        < 86_400 => $"{seconds / 3600:0.0} h",
        _ => $"{seconds / 86_400:0.0} d",
    };

    /// <summary>Writes into a string what <see cref="Console"/> would show.</summary>
    public static IAnsiConsole Drawing(TextWriter into)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(into),
            Ansi = Console.Profile.Capabilities.Ansi ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = (ColorSystemSupport)Console.Profile.Capabilities.ColorSystem,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Console.Profile.Width;
        return console;
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            console.Profile.Width = PipeWidth;
        }

        return console;
    }
}

using System.Text;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary>
/// Shows one page after the other. On a terminal each in the place of the one before, on the screen that editors use: what was on the
/// terminal is there again afterwards. Into a pipe one after the other, for as long as somebody reads.
/// </summary>
internal sealed class WatchScreen : IDisposable
{
    private const string EnterOtherScreen = "\e[?1049h\e[?25l";
    private const string LeaveOtherScreen = "\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string ClearToEndOfLine = "\e[K";
    private const string ClearBelow = "\e[J";

    private readonly bool _isTerminal = !Console.IsOutputRedirected && Output.Console.Profile.Capabilities.Ansi;

    /// <summary>Not the console's own stream: that one takes a closed pipe for success, and the watch would go on for nobody.</summary>
    private readonly FileStream _out = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    public WatchScreen()
    {
        if (_isTerminal)
        {
            Write(EnterOtherScreen);
        }
    }

    /// <summary>False: nobody reads any more.</summary>
    public async Task<bool> ShowAsync(Func<IAnsiConsole, Task> print)
    {
        var page = new StringWriter();
        await print(Output.Drawing(page));
        string text = page.ToString();
        if (_isTerminal)
        {
            // A terminal that does not know its height says 0.
            int height = Console.WindowHeight is var rows and > 1 ? rows - 1 : int.MaxValue;
            IEnumerable<string> lines = text.TrimEnd('\n').Split('\n').Take(height);
            text = Home + string.Join(ClearToEndOfLine + "\n", lines) + ClearToEndOfLine + "\n" + ClearBelow;
        }

        return Write(text);
    }

    public void Dispose()
    {
        if (_isTerminal)
        {
            Write(LeaveOtherScreen);
        }

        _out.Dispose();
    }

    private bool Write(string text)
    {
        try
        {
            _out.Write(Encoding.UTF8.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

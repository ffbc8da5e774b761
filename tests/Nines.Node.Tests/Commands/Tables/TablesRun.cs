using System.Text;
using Nines.Node.Commands.Tables;
using Spectre.Console;

namespace Nines.Node.Tests.Commands.Tables;

/// <summary>What a command of <c>nines tables</c> said, and how it ended.</summary>
internal sealed record TablesRun(int ExitCode, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <param name="http">The other end; it outlives the run.</param>
    /// <param name="terminal">A person watches, on a terminal of 120 columns without colours.</param>
    public static async Task<TablesRun> Of(
        HttpMessageHandler http, string[] arguments, string input = "", bool terminal = false, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var lines = new MemoryStream();
        var console = new StringWriter();
        var errors = new StringWriter();
        var world = new Terminal
        {
            Console = Screen(console),
            Errors = Screen(errors),
            IsOutTerminal = terminal,
            IsErrorTerminal = false,
            OpenOut = () => new KeptOpen(lines),
            OpenIn = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            Http = () => new Borrowed(http),
            Time = time ?? new ImmediateTime(),
        };
        int exitCode = await TablesCommand.Build(world).Parse(arguments).InvokeAsync(
            new System.CommandLine.InvocationConfiguration { EnableDefaultExceptionHandler = false }, cancel);
        return new TablesRun(exitCode, console + Encoding.UTF8.GetString(lines.ToArray()), errors.ToString());
    }

    private static IAnsiConsole Screen(StringWriter into)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(into), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
        });
        console.Profile.Width = 1000;
        return console;
    }

    /// <summary>Passes requests on to a handler that is the test's to dispose.</summary>
    private sealed class Borrowed(HttpMessageHandler owned) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker _owned = new(owned, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            _owned.SendAsync(request, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            _owned.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class KeptOpen(MemoryStream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}

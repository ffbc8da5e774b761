using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Nines.Tables.Tests.Support;

/// <summary>A service that speaks DynamoDB's protocol and is not ours: dynalite, in a process of its own that ends with these tests.</summary>
public sealed class Dynalite : IAsyncDisposable
{
    private readonly Process _process;

    private Dynalite(Process process, int port)
    {
        _process = process;
        Endpoint = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Endpoint { get; }

    /// <summary>Skips the test where node or dynalite is not installed.</summary>
    public static async Task<Dynalite> StartOrSkipAsync()
    {
        string directory = Path.Combine(Sources(), "tests", "javascript");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(directory, "node_modules", "dynalite")), "dynalite is not installed: npm ci --prefix tests/javascript");
        Process? process = null;
        try
        {
            process = Process.Start(new ProcessStartInfo("node", [Path.Combine(directory, "dynalite.mjs")])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
            });
        }
        catch (Win32Exception)
        {
            Assert.Skip("node is not installed");
        }

        string said = await process!.StandardOutput.ReadLineAsync() ?? "nothing";
        return new Dynalite(process, int.Parse(said, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string Sources()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Nines.slnx")))
        {
            directory = directory.Parent;
        }

        return directory!.FullName;
    }
}

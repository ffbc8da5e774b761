using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>The built <c>nines</c> of the same configuration as these tests, and what a start of it needs.</summary>
internal static class NinesProgram
{
    /// <summary>Below the ports the kernel hands out for outgoing connections, so that no connection takes the port of a node that is down.</summary>
    private const int FirstPort = 20_000;

    private const int LastPort = 31_000;
    private const int PortsOfCluster = 100;

    /// <summary>artifacts/bin/Nines.EndToEnd.Tests/debug/ is where the tests are, artifacts/bin/Nines.Node/debug/ where the program is.</summary>
    public static string Path { get; } = Find();

    private static int _nextBase = FirstPort + (Environment.ProcessId * PortsOfCluster % (LastPort - FirstPort));

    public static ProcessStartInfo StartInfo(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        start.ArgumentList.Add(Path);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>The first of some ports on loopback that nobody listens on: base, base + 10, ... as <c>nines up --base-port</c> uses them.</summary>
    public static int FreeBasePort(int nodes)
    {
        for (int tries = 0; tries < (LastPort - FirstPort) / PortsOfCluster; tries++)
        {
            int first = _nextBase;
            _nextBase = first + (2 * PortsOfCluster) > LastPort ? FirstPort : first + PortsOfCluster;
            if (Enumerable.Range(0, nodes).SelectMany(k => Enumerable.Range(first + (10 * k), 3)).All(IsFree))
            {
                return first;
            }
        }

        throw new InvalidOperationException("no free ports");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Find()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        string path = System.IO.Path.Combine(here.Parent!.Parent!.FullName, "Nines.Node", here.Name, "nines.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("build src/Nines.Node in the same configuration first", path);
    }
}

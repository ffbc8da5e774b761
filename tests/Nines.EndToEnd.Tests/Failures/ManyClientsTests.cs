using System.Diagnostics;
using System.Net.Sockets;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary>More clients than the process may have sockets: those beyond the limit are turned away at once, and the node goes on.</summary>
public sealed class ManyClientsTests
{
    private const int Descriptors = 512;
    private const int Clients = 600;

    [Fact]
    public async Task Beyond_the_descriptor_limit_clients_are_turned_away_and_the_node_answers()
    {
        await using LiveCluster cluster = LiveCluster.Lay(nodes: 1);
        await using Child node = StartWithFewDescriptors(cluster.Plan[0].ConfigurationPath);
        await Eventually.HoldsAsync(async () => await cluster.StatusAsync(1) is not null, () => $"no answer:\n{node.Text}");
        Assert.Single(node.Lines, l => l.Contains($"but {Descriptors} open files are allowed: 224 clients at once", StringComparison.Ordinal));

        List<Socket> idle = [];
        try
        {
            for (int i = 0; i < Clients; i++)
            {
                var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
                idle.Add(client);
                await client.ConnectAsync("127.0.0.1", cluster.Plan[0].Ports.Tables);
            }

            // The last one got no place: it is told so by the end of its connection, not by silence.
            using var patience = new CancellationTokenSource(Eventually.Patience);
            Assert.Equal(0, await ReceiveAsync(idle[^1], patience.Token));
            Assert.NotNull(await cluster.StatusAsync(1));
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }

        Assert.False(node.HasEnded, node.Text);
    }

    private static async Task<int> ReceiveAsync(Socket socket, CancellationToken cancel)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], cancel);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static Child StartWithFewDescriptors(string configuration)
    {
        ProcessStartInfo node = NinesProgram.StartInfo("node", "--config", configuration, "--until-stdin-closes");
        var shell = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (string argument in (string[])["-c", $"ulimit -n {Descriptors}; exec \"$@\"", "sh", node.FileName, .. node.ArgumentList])
        {
            shell.ArgumentList.Add(argument);
        }

        return Child.Start(shell);
    }
}

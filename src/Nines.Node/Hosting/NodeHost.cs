using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Configuration;
using Nines.Storage.Log;

namespace Nines.Node.Hosting;

/// <summary>The node may not run here. The message says why and what to do.</summary>
public sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The composition root: makes every part of a node, in an order in which each finds what it needs, and ends them in reverse.</summary>
public sealed class NodeHost
{
    /// <summary>Runs a node until the token, or the node itself, says stop. The result is the exit code.</summary>
    public static async Task<int> RunAsync(NodeConfiguration configuration, CancellationToken stop)
    {
        using ILoggerFactory logs = NodeLogs.Create(configuration);
        ILogger log = logs.CreateLogger("nines");
        try
        {
            await using RunningNode node = await RunningNode.StartAsync(configuration, logs, stop);
            return await node.EndedAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is StartRefusedException or IdentityException or DirectoryInUseException)
        {
            log.LogCritical("{Reason}", e.Message);
            return ExitCodes.Refused;
        }
        catch (Exception e) when (e is DiskException or InvariantBrokenException)
        {
            log.LogCritical(e, "The node stops itself.");
            return ExitCodes.Fault;
        }
    }
}

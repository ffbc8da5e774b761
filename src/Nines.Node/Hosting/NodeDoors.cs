using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Http;
using Nines.Kernel;
using Nines.Node.Admin;
using Nines.Node.Configuration;
using Nines.Replication;
using Nines.Tables;
using Nines.Tables.Engines;
using Nines.Tables.Engines.External;
using HttpListener = Nines.Http.Kestrel.HttpListener;

namespace Nines.Node.Hosting;

/// <summary>What clients connect to: admin API and tables. None opens once the node has been told to end.</summary>
/// <param name="atEnd">Takes what closes a door again.</param>
/// <param name="toldToEnd">A peer may refuse this node, or the disk may fail, while the doors are still being opened.</param>
internal sealed class NodeDoors(
    NodeConfiguration configuration, ILoggerFactory logs, Action<Func<ValueTask>> atEnd, Func<bool> toldToEnd)
{
    /// <summary>Requests that run when the node stops may take this long to end.</summary>
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(3);

    private readonly DescriptorLimit _descriptors = DescriptorLimit.OfProcess();

    /// <summary>False: the node was told to end meanwhile, and what was opened is not worth telling.</summary>
    public async Task<bool> OpenAsync(ReactorThread reactor, EventLoop loop, NodeStatusSource status, CancellationToken cancel)
    {
        TellIfCapped();
        if (configuration.ListenAdmin is { } adminAddress && !toldToEnd())
        {
            await OpenAdminAsync(adminAddress, status, cancel);
        }

        if (configuration.ListenTables is { } tablesAddress && !toldToEnd())
        {
            await OpenTablesAsync(tablesAddress, reactor, loop, status, cancel);
        }

        return !toldToEnd();
    }

    private async Task OpenAdminAsync(IPEndPoint address, NodeStatusSource status, CancellationToken cancel)
    {
        var admin = new AdminApi(configuration, status);
        atEnd(() =>
        {
            admin.Dispose();
            return ValueTask.CompletedTask;
        });
        RequestDelegate handle = admin.HandleAsync;
        HttpLimits limits = Limits(_descriptors.AdminConnections(configuration.MaxConnections));
        HttpListener listener = await Listening.AtAsync(
            ConfigurationKeys.ListenAdmin, address, () => HttpListener.StartAsync(address, limits, handle, logs, cancel));
        AtEnd(listener.StopAsync, listener.DisposeAsync);
    }

    private async Task OpenTablesAsync(
        IPEndPoint address, ReactorThread reactor, EventLoop loop, NodeStatusSource status, CancellationToken cancel)
    {
        TablesDoor door = Door(reactor, status, new TablesDoorOptions
        {
            Timeout = configuration.Deadline,
            Region = configuration.TablesRegion,
            Node = configuration.Node.ToString(),
            AccessKeys = configuration.TablesAccessKeys,
        });
        HttpLimits limits = Limits(_descriptors.TablesConnections(configuration.MaxConnections));
        HttpServer server = await Listening.AtAsync(
            ConfigurationKeys.ListenTables, address,
            () => HttpServer.StartAsync(address, limits, door.HandleAsync, logs, NodeLoop.ForDoors(loop), cancel));
        AtEnd(server.StopAsync, server.DisposeAsync);
    }

    private TablesDoor Door(ReactorThread reactor, NodeStatusSource status, TablesDoorOptions options)
    {
        if (configuration.ExternalTables is { } tables)
        {
            var external = new ExternalEngine(new ExternalOptions
            {
                Endpoint = tables.Endpoint,
                Credential = tables.Credential,
                Region = configuration.TablesRegion,
                MaxRequests = configuration.MaxInFlight,
            });
            atEnd(() =>
            {
                external.Dispose();
                return ValueTask.CompletedTask;
            });
            return new TablesDoor(external, options);
        }

        AgedReads? aged = null;
        if (configuration.TablesStaleness is { } rule)
        {
            aged = new AgedReads(reactor, rule, TimeProvider.System);
            atEnd(aged.DisposeAsync);
        }

        int throughputNodes = configuration.EnforceThroughput ? configuration.Seeds.Count : 0;
        var embedded = new EmbeddedTableEngine(reactor, TimeProvider.System, aged, throughputNodes);
        atEnd(embedded.DisposeAsync);
        embedded.Start();
        status.Backlog = () => embedded.Backlog;
        return new TablesDoor(embedded, options);
    }

    private void TellIfCapped()
    {
        int tables = _descriptors.TablesConnections(configuration.MaxConnections);
        if (tables < configuration.MaxConnections)
        {
            logs.CreateLogger("nines").LogWarning(
                "limits.connections is {Wanted}, but {Descriptors} open files are allowed: {Tables} clients at once at the tables door, {Admin} at "
                + "the admin door. Raise the limit: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit.",
                configuration.MaxConnections, _descriptors.Descriptors, tables, _descriptors.AdminConnections(configuration.MaxConnections));
        }
    }

    private HttpLimits Limits(int connections) => new(configuration.MaxRequestBytes, connections);

    private void AtEnd(Func<CancellationToken, Task> stop, Func<ValueTask> dispose) => atEnd(async () =>
    {
        using var patience = new CancellationTokenSource(RequestPatience);
        await stop(patience.Token);
        await dispose();
    });
}

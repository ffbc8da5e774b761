using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Configuration;
using Nines.Node.Transport;
using Nines.Replication;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Node.Hosting;

/// <summary>
/// All parts of a node that runs, made in an order in which each finds what it needs and ended in reverse: disk, identity, background,
/// network, reactor, then what peers and clients connect to. Nobody is listened to before the reactor has its data.
/// </summary>
internal sealed class RunningNode : IAsyncDisposable
{
    /// <summary>Where the reactor keeps what must not be there without an identity.</summary>
    private static readonly string[] DataDirectories = ["log", "groups"];

    /// <summary>Leaderships are handed over within milliseconds, or not at all.</summary>
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromMilliseconds(600);

    private readonly NodeConfiguration _configuration;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly Stack<Func<ValueTask>> _endings = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningNode(NodeConfiguration configuration, ILoggerFactory logs)
    {
        _configuration = configuration;
        _logs = logs;
        _log = logs.CreateLogger("nines");
    }

    /// <exception cref="StartRefusedException">The data or a port is not to be had.</exception>
    /// <exception cref="IdentityException">The directory is another node's or another cluster's, or its identity is damaged.</exception>
    /// <exception cref="DirectoryInUseException">Another process works on the directory.</exception>
    public static async Task<RunningNode> StartAsync(NodeConfiguration configuration, ILoggerFactory logs, CancellationToken cancel)
    {
        var node = new RunningNode(configuration, logs);
        try
        {
            await node.StartPartsAsync(cancel);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>The exit code, once the node stopped itself or was told to.</summary>
    public async Task<int> EndedAsync(CancellationToken stop)
    {
        using CancellationTokenRegistration told = stop.Register(() => _ended.TrySetResult(ExitCodes.Success));
        return await _ended.Task;
    }

    public async ValueTask DisposeAsync()
    {
        while (_endings.TryPop(out Func<ValueTask>? end))
        {
            await end();
        }
    }

    private async Task StartPartsAsync(CancellationToken cancel)
    {
        FileDisk files = OpenDisk();
        AtEnd(files.Dispose);
        IDisk disk = _configuration.DiskSync ? files : new UnsyncedDisk(files);
        NodeIdentity identity = CountStart(disk, SeenByPeers(disk));
        EventLoop loop = NodeLoop.New();
        AtEnd(loop.Dispose);
        loop.Start();
        var inbox = new ReactorInbox((seen, reason) => Disowned(disk, seen, reason), _log);
        var background = new RealBackground(inbox.OnCompleted);
        AtEnd(background.Dispose);
        var network = new TcpNetwork(
            new TransportIdentity(_configuration.Cluster, _configuration.Node, identity.Boot, _configuration.AdminUrl),
            new TransportOptions { MaxQueuedBytes = _configuration.MaxPeerQueueBytes },
            inbox, new PeerBootsFile(disk).Open(), loop, _logs.CreateLogger("peers"), TimeProvider.System);
        _endings.Push(network.DisposeAsync);

        ReactorThread reactor = StartReactor(identity, disk, network, background, loop, inbox);
        AtEnd(reactor.Dispose);
        Listening.At(ConfigurationKeys.ListenPeer, _configuration.ListenPeer, () => network.Listen(_configuration.ListenPeer));
        foreach (Seed seed in _configuration.Seeds.Where(s => s.Node != _configuration.Node))
        {
            await network.SetPeerAsync(seed.Node, seed.Host, seed.Port);
        }

        _endings.Push(() => new ValueTask(reactor.HandOverAsync(HandOverPatience)));
        var doors = new NodeDoors(_configuration, _logs, _endings.Push, () => _ended.Task.IsCompleted);
        if (!await doors.OpenAsync(reactor, loop, new NodeStatusSource(_configuration, identity, reactor, network, disk), cancel))
        {
            return;
        }

        _log.LogInformation(
            "{Node} of cluster {Cluster}, start number {Boot}: tables at {Tables}, admin at {Admin}, {Groups} groups here.",
            _configuration.Node, _configuration.Cluster, identity.Boot.Value,
            _configuration.TablesUrl, _configuration.AdminUrl, reactor.Groups.Count);
    }

    private FileDisk OpenDisk()
    {
        try
        {
            return new FileDisk(_configuration.DataDirectory);
        }
        catch (DiskException e)
        {
            throw new StartRefusedException(
                $"data: {e.Message.TrimEnd('.')}. Make the directory writable for this user, or choose another one.", e);
        }
    }

    /// <summary>
    /// Checks that the directory is this node's and counts this start. A new directory begins to count at the second it is made: a node
    /// whose directory was wiped does not come with a number its peers have seen.
    /// </summary>
    private NodeIdentity CountStart(IDisk disk, BootId? seen)
    {
        NodeIdentity kept = NodeIdentity.Read(disk, DataDirectories) ?? new NodeIdentity(
            _configuration.Cluster, _configuration.Node, new BootId(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        ulong nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        NodeIdentity identity = kept.NotBefore(seen ?? default).Start(disk, _configuration.Cluster, _configuration.Node, nonce);
        if (seen is not null)
        {
            new DisownedFile(disk).Clear();
        }

        return identity;
    }

    /// <summary>The boot that peers had seen when they refused a directory which may begin again; null when nobody refused it.</summary>
    private static BootId? SeenByPeers(IDisk disk)
    {
        if (new DisownedFile(disk).Read() is not var (seen, reason))
        {
            return null;
        }

        if (!RefusedDirectory.BeginAgain(disk))
        {
            throw new StartRefusedException(
                $"The other nodes refused this data directory as an old copy: {reason.TrimEnd('.')}. "
                + "Empty the directory and let the node join as a new one; its replicas are rebuilt from the others.");
        }

        return seen;
    }

    private ReactorThread StartReactor(
        NodeIdentity identity, IDisk disk, TcpNetwork network, RealBackground background, EventLoop loop, ReactorInbox inbox)
    {
        ReactorParts parts = NodeParts.Of(_configuration, identity, disk, network, background);
        Reactor reactor;
        try
        {
            reactor = new Reactor(parts);
        }
        catch (DamagedException damage)
        {
            throw new StartRefusedException(
                $"{damage.Message.TrimEnd('.')}. The node cannot start on this data. Replace it: empty directory, new node.id.", damage);
        }

        foreach (string finding in reactor.LogFindings)
        {
            _log.LogWarning("Recovery of the log: {Finding}", finding);
        }

        // What recovery read of the log lies on the large object heap by now, and an idle node would not collect it for hours.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var links = new MapLinks(_configuration.Node, _configuration.Seeds, network, TimeProvider.System);
        var thread = new ReactorThread(
            reactor, loop, parts.Options, TimeProvider.System, () => AfterTurn(reactor, network, links), failure => Fault(failure.ToString()));
        inbox.Attach(thread);
        thread.Start();
        return thread;
    }

    /// <summary>On the reactor's thread, after each turn.</summary>
    private void AfterTurn(Reactor reactor, TcpNetwork network, MapLinks links)
    {
        network.FlushAll();
        links.AfterTurn(reactor);
        if (reactor.Failure is { } failure)
        {
            Fault(failure);
        }
    }

    private void Fault(string reason)
    {
        if (_ended.TrySetResult(ExitCodes.Fault))
        {
            _log.LogCritical("The node stops itself: {Reason}", reason);
        }
    }

    private void Disowned(IDisk disk, BootId seen, string reason)
    {
        if (_ended.TrySetResult(RefusedDirectory.MayBeginAgain(disk) ? ExitCodes.Fault : ExitCodes.Refused))
        {
            new DisownedFile(disk).Write(seen, reason);
            _log.LogCritical("The node stops: {Reason}.", reason.TrimEnd('.'));
        }
    }

    private void AtEnd(Action end) => _endings.Push(() =>
    {
        end();
        return ValueTask.CompletedTask;
    });
}

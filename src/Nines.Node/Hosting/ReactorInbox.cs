using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Transport;
using Nines.Replication;

namespace Nines.Node.Hosting;

/// <summary>
/// Carries what the adapters' threads have for the reactor to its thread. The adapters exist before the reactor does, because it is
/// made of them; what they say before <see cref="Attach"/> waits here.
/// </summary>
internal sealed class ReactorInbox(Action<BootId, string> disowned, ILogger log) : ITransportReceiver
{
    private readonly Lock _gate = new();
    private readonly List<Action<Reactor>> _early = [];
    private volatile ReactorThread? _thread;

    public void Attach(ReactorThread thread)
    {
        lock (_gate)
        {
            _early.ForEach(thread.Post);
            _early.Clear();
            _thread = thread;
        }
    }

    public void OnCompleted(BackgroundCompletion completion) => Post(_ => completion.Deliver());

    public void OnFrame(NodeId from, BootId boot, ReadOnlyMemory<byte> frame)
    {
        // Nobody listens before the reactor is there; a full inbox drops, which the protocols survive.
        if (_thread is { } thread && !thread.Post(from, boot, frame))
        {
            log.LogDebug("Dropped a message of {Peer}: the inbox is full.", from);
        }
    }

    public void OnPeerUp(NodeId peer) => log.LogDebug("{Peer} can be reached.", peer);

    public void OnPeerDown(NodeId peer) => Post(reactor => reactor.PeerDown(peer));

    public void OnDisowned(NodeId by, BootId seen, string reason) => disowned(seen, reason);

    private void Post(Action<Reactor> action)
    {
        if (_thread is { } thread)
        {
            thread.Post(action);
            return;
        }

        lock (_gate)
        {
            if (_thread is { } late)
            {
                late.Post(action);
            }
            else
            {
                _early.Add(action);
            }
        }
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Transport;

/// <summary>
/// Keeps one peer's <see cref="OutboundLink"/> connected: dial, shake hands, wait until the connection ends, back off, again.
/// Says in the log when the state or the reason changes, not at every attempt.
/// </summary>
internal sealed class Dialer(
    OutboundLink link,
    DnsEndPoint address,
    TransportIdentity self,
    TransportOptions options,
    PeerBoots boots,
    ITransportReceiver receiver,
    ILogger log) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _kick = new(0, 1);
    private readonly Prng _jitter = new((ulong)(((long)self.Node.Value << 32) ^ link.Peer.Value ^ self.Boot.Value));
    private Task _running = Task.CompletedTask;

    public string Address => $"{address.Host}:{address.Port}";

    public string AdminUrl { get; private set; } = "";

    public string LastError { get; private set; } = "not connected yet";

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>The peer is alive for another reason: try at once instead of waiting for the backoff.</summary>
    public void Kick()
    {
        if (!link.Connected && _kick.CurrentCount == 0)
        {
            try
            {
                _kick.Release();
            }
            catch (SemaphoreFullException)
            {
                // Two kicks at the same moment are one kick.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        link.Dispose();
        await _running;
        _stop.Dispose();
        _kick.Dispose();
    }

    private async Task RunAsync()
    {
        int failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            Socket? socket = null;
            string reason;
            try
            {
                socket = await DialAsync();
                failures = 0;
                LastError = "";
                link.Open(socket);
                log.LogInformation("Connected to {Peer} at {Address}.", link.Peer, Address);
                receiver.OnPeerUp(link.Peer);
                reason = await LastWordAsync(socket);
            }
            catch (Exception e) when (IsBrokenConnection(e))
            {
                reason = e is OperationCanceledException ? $"no answer within {options.ConnectTimeout.TotalSeconds} s" : e.Message;
            }

            bool wasOpen = socket is not null;
            if (socket is not null)
            {
                link.Close(socket);
            }

            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (wasOpen)
            {
                receiver.OnPeerDown(link.Peer);
            }

            NoteFailure(reason);
            failures++;
            await BackOffAsync(failures);
        }
    }

    private void NoteFailure(string reason)
    {
        if (!string.Equals(reason, LastError, StringComparison.Ordinal))
        {
            log.LogWarning("No connection to {Peer} at {Address}: {Reason}.", link.Peer, Address, reason.TrimEnd('.'));
        }

        LastError = reason;
    }

    private async Task BackOffAsync(int failures)
    {
        double ceiling = Math.Min(
            options.MaxBackoff.TotalMilliseconds,
            options.MinBackoff.TotalMilliseconds * (1 << Math.Min(failures - 1, 20)));
        double wait = ceiling * (0.5 + (_jitter.Unit() / 2));
        try
        {
            await _kick.WaitAsync(TimeSpan.FromMilliseconds(wait), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping; the loop sees it.
        }
    }

    private async Task<Socket> DialAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(options.ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            SocketSettings.Apply(socket, options);
            await socket.ConnectAsync(address, timeout.Token);
            timeout.CancelAfter(options.HandshakeTimeout);
            await SendHelloAsync(socket, timeout.Token);
            HelloAnswer answer = await ReadAnswerAsync(socket, timeout.Token)
                ?? throw new LinkRefusedException("the connection was closed before the handshake was answered");
            Check(answer);
            AdminUrl = answer.AdminUrl;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task SendHelloAsync(Socket socket, CancellationToken cancel)
    {
        var payload = new ByteBuffer();
        Handshake.Write(payload, new Hello(
            Handshake.ProtocolVersion, self.Cluster, self.Node, self.Boot, link.Peer, link.LastCut, self.AdminUrl));
        var frame = new ByteBuffer();
        FrameFormat.Write(frame, payload.Written);
        ReadOnlyMemory<byte> rest = frame.WrittenMemory;
        while (rest.Length > 0)
        {
            rest = rest[await socket.SendAsync(rest, SocketFlags.None, cancel)..];
        }
    }

    /// <summary>Null: the connection ended without one.</summary>
    private static async Task<HelloAnswer?> ReadAnswerAsync(Socket socket, CancellationToken cancel)
    {
        var reader = new FrameReader(Handshake.MaxPayloadBytes, Handshake.MaxPayloadBytes);
        while (true)
        {
            FrameResult result = reader.TryNext(out ReadOnlyMemory<byte> payload);
            if (result == FrameResult.Frame)
            {
                return Handshake.TryRead(payload.Span, out HelloAnswer answer)
                    ? answer
                    : throw new LinkRefusedException("what answers there is no Nines node");
            }

            if (result != FrameResult.NeedMore)
            {
                throw new LinkRefusedException("what answers there is no Nines node");
            }

            int count = await socket.ReceiveAsync(reader.Free, SocketFlags.None, cancel);
            if (count == 0)
            {
                return null;
            }

            reader.Received(count);
        }
    }

    private void Check(in HelloAnswer answer)
    {
        if (answer.Verdict != LinkVerdict.Accepted)
        {
            string reason = Verdicts.Explain(answer, self);
            if (answer.Verdict == LinkVerdict.OldBoot)
            {
                receiver.OnDisowned(link.Peer, answer.Boot, reason);
            }

            throw new LinkRefusedException(reason);
        }

        if (answer.Cluster != self.Cluster || answer.From != link.Peer)
        {
            throw new LinkRefusedException($"{answer.From} of cluster {answer.Cluster} answers there");
        }

        if (!boots.TryAdvance(answer.From, answer.Boot))
        {
            throw new LinkRefusedException(Verdicts.OldBoot(answer.From, answer.Boot, boots.Highest(answer.From)));
        }
    }

    /// <summary>Waits until the connection ends; the peer sends nothing on it but a last word.</summary>
    private static async Task<string> LastWordAsync(Socket socket)
    {
        HelloAnswer? word = await ReadAnswerAsync(socket, CancellationToken.None);
        return word is { } said ? Verdicts.Explain(said, null) : "the peer closed the connection";
    }

    private static bool IsBrokenConnection(Exception e) =>
        e is SocketException or ObjectDisposedException or LinkRefusedException or OperationCanceledException;
}

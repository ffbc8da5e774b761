using System.Runtime.InteropServices;
using Nines.Loops;

namespace Nines.Node.Transport;

/// <summary>The link once it is on the event loop. All here runs on the loop's thread, so nothing here is read and closed at once.</summary>
internal sealed partial class InboundLink : IWatcher
{
    /// <summary>Receives at one go before others get their turn; what is left is told again.</summary>
    private const int MaxReceives = 4;

    /// <summary>Whether the loop takes the link: decided once, by whoever comes first.</summary>
    private const int Offered = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private int _offer;
    private bool _watched;
    private bool _ended;

    private int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <summary>Something to receive, or the end.</summary>
    public void OnEvents(uint events)
    {
        if (_watched && !Receive())
        {
            End((EpollLoop)_network.Loop!);
        }
    }

    /// <summary>Handshake's thread. True: the loop has the link now, or had it and ended it.</summary>
    private bool TryHandOver()
    {
        if (_network.Loop is not EpollLoop loop)
        {
            return false;
        }

        _ = loop.Do(() => Watch(loop));
        if (Interlocked.CompareExchange(ref _offer, Withdrawn, Offered) == Taken)
        {
            return true;
        }

        // It is being closed; or the loop hangs or has ended, and nobody would act on what this peer says: it will dial again.
        _closing = true;
        return false;
    }

    private void Watch(EpollLoop loop)
    {
        if (_closing || Interlocked.CompareExchange(ref _offer, Taken, Offered) != Offered)
        {
            return;
        }

        _socket.Blocking = false;
        _watched = loop.TryWatch(Descriptor, Libc.EpollIn | Libc.EpollPeerClosed, this);

        // Frames may have come right behind the hello.
        if (!_watched || !Deliver())
        {
            End(loop);
        }
    }

    /// <summary>False: the connection ended, or is not to go on.</summary>
    private bool Receive()
    {
        for (int i = 0; i < MaxReceives; i++)
        {
            Span<byte> room = _reader.Free.Span;
            nint count = Libc.Receive(Descriptor, ref MemoryMarshal.GetReference(room), (nuint)room.Length, 0);
            if (count < 0)
            {
                return Marshal.GetLastPInvokeError() is Libc.WouldBlock or Libc.Interrupted;
            }

            if (count == 0)
            {
                return false;
            }

            _reader.Received((int)count);
            if (!Deliver())
            {
                return false;
            }

            if (count < room.Length)
            {
                return true;
            }
        }

        return true;
    }

    private void CloseOnLoop()
    {
        if (_watched)
        {
            End((EpollLoop)_network.Loop!);
        }
        else if (!_ended)
        {
            // Its thread notices, and ends the link.
            CloseSocket();
        }
    }

    private void End(EpollLoop loop)
    {
        loop.Unwatch(Descriptor);
        _watched = false;
        _ended = true;
        CloseSocket();
        _network.InboundEnded(this, welcomed: true);
    }
}

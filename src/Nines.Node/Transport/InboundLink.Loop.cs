using System.Runtime.InteropServices;
using Nines.Loops;

namespace Nines.Node.Transport;

/// <summary>The link once it is on the event loop. All here runs on the loop's thread, so nothing here is read and closed at once.</summary>
internal sealed partial class InboundLink : IWatcher
{
    /// <summary>Receives at one go before others get their turn; what is left is told again.</summary>
    private const int MaxReceives = 4;

    private bool _watched;

    private int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <summary>Something to receive, or the end.</summary>
    public void OnEvents(uint events)
    {
        if (_watched && !Receive())
        {
            End();
        }
    }

    /// <summary>Handshake's thread. False: there is no such loop, or the link is being closed.</summary>
    private bool TryHandOver() => _network.Loop is EpollLoop loop && loop.Do(() => Watch(loop)) && _handed;

    private bool _handed;

    private void Watch(EpollLoop loop)
    {
        if (_closing)
        {
            return;
        }

        _socket.Blocking = false;
        _handed = _watched = loop.TryWatch(Descriptor, Libc.EpollIn | Libc.EpollPeerClosed, this);
        if (!_watched)
        {
            _socket.Blocking = true;
        }
        else if (!Deliver())
        {
            // Frames may have come right behind the hello.
            End();
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
            End();
        }
        else
        {
            // Its thread notices, and ends the link.
            CloseSocket();
        }
    }

    private void End()
    {
        if (_network.Loop is EpollLoop loop)
        {
            loop.Unwatch(Descriptor);
        }

        _watched = false;
        CloseSocket();
        _network.InboundEnded(this, welcomed: true);
    }
}

using Microsoft.Extensions.Logging;
using Nines.Http.Protocol;
using Nines.Loops;

namespace Nines.Http.Epoll;

/// <summary>
/// One client's connection: one request at a time, in order; what a client sends ahead waits in the kernel. All on the loop's thread,
/// except the handler where it goes on elsewhere. It holds a buffer only while bytes are in it.
/// </summary>
internal sealed partial class HttpConnection(HttpPort port, int descriptor) : HttpExchange, IThreadPoolWorkItem, IWatcher
{
    /// <summary>Requests that are served at one go before others get their turn.</summary>
    private const int MaxRequestsAtOnce = 32;

    private readonly RequestHead _head = new();
    private byte[] _in = [];
    private int _start;
    private int _end;
    private int _headLength;
    private int _bodyEnd;
    private int _requestEnd;
    private ChunkedBody _chunks;
    private Phase _phase;
    private bool _mayRead;
    private bool _gone;
    private bool _runs;
    private bool _ranOut;
    private bool _skippedLine;
    private long _since = port.Now;

    /// <summary>What the connection waits for.</summary>
    private enum Phase
    {
        Idle,
        Head,
        Body,

        /// <summary>The handler's answer.</summary>
        Handling,

        /// <summary>A client that takes its answer.</summary>
        Writing,

        /// <summary>After the last answer: the rest of what the client sends is dropped, so that no reset overtakes the answer (RFC 9112, section 9.6).</summary>
        Draining,

        Closed,
    }

    public int Descriptor => descriptor;

    private ReadOnlySpan<byte> HeadBytes => _in.AsSpan(_start, _headLength);

    /// <summary>The kernel says that something changed. Edge-triggered: each change is told once.</summary>
    public void OnEvents(uint events)
    {
        if ((events & (Libc.EpollErr | Libc.EpollHup)) != 0)
        {
            Abort();
            return;
        }

        if ((events & (Libc.EpollIn | Libc.EpollPeerClosed)) != 0)
        {
            _mayRead = true;
        }

        if ((events & Libc.EpollPeerClosed) != 0)
        {
            // The end comes after what was sent before it: one more receive has to see it.
            _ranOut = true;
        }

        if (_phase == Phase.Writing && (events & Libc.EpollOut) != 0)
        {
            FlushAnswer();
        }

        Go();
    }

    /// <summary>Client or server end: whatever is going on here does too.</summary>
    public void Abort()
    {
        if (_phase == Phase.Handling && !_handled)
        {
            // The handler may still write its answer into this object; its end closes.
            _gone = true;
            return;
        }

        Close();
    }

    /// <summary>The handler is done, or the others had their turn, and this is the loop's thread again.</summary>
    void IThreadPoolWorkItem.Execute() => Go();

    /// <summary>Goes on until there is nothing to do before the next event, or until others want their turn.</summary>
    private void Go()
    {
        if (_runs)
        {
            return;
        }

        _runs = true;
        try
        {
            int requests = 0;
            while (Step(ref requests))
            {
                // A request that came alone, in one piece, passes this without a look at the clock.
                bool more = _mayRead || (requests > 0 && _phase == Phase.Idle && _end > _start);
                if (more && (requests >= MaxRequestsAtOnce || port.Loop.IsTurnDue))
                {
                    port.Loop.Post(this);
                    break;
                }
            }
        }
        catch (Exception failure)
        {
            // A defect that some bytes of one client bring to light must not take the loop with it, and all that is on it.
            port.Log.LogError(failure, "A connection failed.");
            Abort();
        }

        _runs = false;
    }

    /// <summary>One step; false when only an event brings the next one.</summary>
    private bool Step(ref int requests) => _phase switch
    {
        Phase.Idle or Phase.Head => (_end > _start && ParseHead()) || (_mayRead && Receive()),
        Phase.Body => StepBody(ref requests),
        Phase.Draining => _mayRead && Drop(),
        Phase.Handling => _handled && EndRequest(),
        Phase.Writing or Phase.Closed => false,
    };

    private bool StepBody(ref int requests)
    {
        Arrival body = TakeBody();
        if (body == Arrival.Whole)
        {
            requests++;
            Handle();
        }

        // Refused: the last answer is on its way, and there may be no descriptor any more to receive from.
        return body != Arrival.Partial || (_mayRead && Receive());
    }

    private void Enter(Phase phase)
    {
        if (_phase != phase)
        {
            _phase = phase;
            _since = port.Now;
            _isMarked = false;
        }
    }

    private void Close()
    {
        if (_phase != Phase.Closed)
        {
            _phase = Phase.Closed;
            GiveBuffer();
            GiveAnswer();
            port.Forget(this);
        }
    }
}

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
            PeerGone();
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

    /// <summary>Called once a second.</summary>
    public void CheckTime()
    {
        long waited = port.Now - _since;
        switch (_phase)
        {
            case Phase.Idle when port.IsStopping || waited > port.Limits.KeepAliveTimeout.TotalMilliseconds:
                Close();
                break;
            case Phase.Head when waited > port.Limits.HeadersTimeout.TotalMilliseconds:
            case Phase.Body when IsTooSlow(_end - _start, waited):
                Refuse(408);
                Go();
                break;
            case Phase.Writing when IsTooSlow(_flushed, waited):
            case Phase.Draining when waited > DrainMs:
                Close();
                break;
        }
    }

    /// <summary>The server ends: whatever is going on here does too.</summary>
    public void Abort()
    {
        if (_phase == Phase.Handling)
        {
            _gone = true;
            return;
        }

        Close();
    }

    /// <summary>The handler is done, and this is the loop's thread again.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_phase == Phase.Handling && _handled)
        {
            EndRequest();
        }

        Go();
    }

    /// <summary>Goes on until there is nothing to do before the next event.</summary>
    private void Go()
    {
        if (_runs)
        {
            return;
        }

        _runs = true;
        int requests = 0;
        while (requests < MaxRequestsAtOnce && Step(ref requests))
        {
        }

        _runs = false;
        if (requests == MaxRequestsAtOnce)
        {
            port.Loop.Post(this);
        }
    }

    /// <summary>One step; false when only an event brings the next one.</summary>
    private bool Step(ref int requests)
    {
        switch (_phase)
        {
            case Phase.Idle or Phase.Head when _end > _start && ParseHead():
                return true;
            case Phase.Body when BodyIsWhole():
                requests++;
                Handle();
                return true;
            case Phase.Body when _phase != Phase.Body:
                // Refused: there may be no descriptor any more to receive from.
                return true;
            case Phase.Idle or Phase.Head or Phase.Body:
                return _mayRead && Receive();
            case Phase.Draining:
                return _mayRead && Drop();
            default:
                return false;
        }
    }

    /// <summary>True when something changed.</summary>
    private bool ParseHead()
    {
        int length = _head.Parse(_in.AsSpan(_start, _end - _start));
        if (length < 0)
        {
            Refuse(-length);
            return true;
        }

        if (length == 0)
        {
            Enter(Phase.Head);
            return false;
        }

        _headLength = length;
        _bodyEnd = _requestEnd = _start + length;
        _chunks = default;
        Enter(Phase.Body);
        if (_head.ContentLength > port.Limits.MaxRequestBytes)
        {
            Refuse(413);
        }
        else if (_head.ExpectsContinue && !_head.IsVersion10 && _end == _requestEnd && (_head.IsChunked || _head.ContentLength > 0))
        {
            SendContinue();
        }

        return true;
    }

    private bool BodyIsWhole()
    {
        if (!_head.IsChunked)
        {
            long end = _start + _headLength + _head.ContentLength;
            _bodyEnd = _requestEnd = (int)end;
            return _end >= end;
        }

        int result = _chunks.Decode(_in.AsSpan(0, _end), ref _bodyEnd, ref _requestEnd, port.Limits.MaxRequestBytes);
        if (result < 0)
        {
            Refuse(-result);
        }
        else if (result == 0 && _requestEnd == _end)
        {
            // Everything was understood: the room behind the decoded bytes is free again.
            _requestEnd = _end = _bodyEnd;
        }

        return result == 1;
    }

    private void Handle()
    {
        _phase = Phase.Handling;
        _handled = false;
        _answered = false;
        _answer = port.RentAnswer();
        _fields.Clear();
        ValueTask handling = Start();
        if (handling.IsCompletedSuccessfully)
        {
            handling.GetAwaiter().GetResult();
            EndRequest();
            return;
        }

        _ = AwaitAsync(handling);
    }

    private ValueTask Start()
    {
        try
        {
            return port.Handler(this);
        }
        catch (Exception failure)
        {
            // Not every handler is an async method: what it throws at once would end the loop's thread, and the process.
            return ValueTask.FromException(failure);
        }
    }

    private async Task AwaitAsync(ValueTask handling)
    {
        try
        {
            await handling.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // A defect of one handler must not take the loop's other connections with it.
            port.Log.LogError(failure, "A request handler failed.");
        }

        _handled = true;
        if (port.Loop.IsHere)
        {
            ((IThreadPoolWorkItem)this).Execute();
        }
        else
        {
            port.Loop.Post(this);
        }
    }

    private void EndRequest()
    {
        if (!_answered)
        {
            // Fields of the answer that did not come say nothing about this one.
            _fields.Clear();
            Answer(500, default);
        }

        _start = _requestEnd;
        if (_gone)
        {
            Close();
            return;
        }

        if (_start == _end)
        {
            GiveBuffer();
        }

        Enter(Phase.Writing);
        FlushAnswer();
    }

    private void Enter(Phase phase)
    {
        if (_phase != phase)
        {
            _phase = phase;
            _since = port.Now;
        }
    }

    private bool IsTooSlow(long bytes, long waitedMs) =>
        waitedMs > port.Limits.RateGrace.TotalMilliseconds
        && bytes < port.Limits.MinBytesPerSecond * (waitedMs - port.Limits.RateGrace.TotalMilliseconds) / 1000;

    private void PeerGone()
    {
        if (_phase == Phase.Handling)
        {
            // The handler may still write its answer into this object; its end closes.
            _gone = true;
        }
        else
        {
            Close();
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

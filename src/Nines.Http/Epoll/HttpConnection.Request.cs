using Microsoft.Extensions.Logging;

namespace Nines.Http.Epoll;

/// <summary>A request, from its first byte to its answer.</summary>
internal sealed partial class HttpConnection
{
    /// <summary>How much of a body is there.</summary>
    private enum Arrival
    {
        Partial,
        Whole,

        /// <summary>It is no body, or one that is not wanted: the client was told, and its connection ends.</summary>
        Refused,
    }

    /// <summary>True when something changed.</summary>
    private bool ParseHead()
    {
        if (SkipsEmptyLine())
        {
            return true;
        }

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

    /// <summary>
    /// An empty line before a request is from a client that ended the one before with too much (RFC 9112, section 2.2). It is taken at
    /// once: it is no request whose rest one waits for. One is enough.
    /// </summary>
    private bool SkipsEmptyLine()
    {
        if (_skippedLine || !_in.AsSpan(_start, _end - _start).StartsWith("\r\n"u8))
        {
            return false;
        }

        _skippedLine = true;
        _start += 2;
        if (_start == _end)
        {
            GiveBuffer();
            Enter(Phase.Idle);
        }

        return true;
    }

    private Arrival TakeBody()
    {
        if (!_head.IsChunked)
        {
            long end = _start + _headLength + _head.ContentLength;
            _bodyEnd = _requestEnd = (int)end;
            return _end >= end ? Arrival.Whole : Arrival.Partial;
        }

        int result = _chunks.Decode(_in.AsSpan(0, _end), ref _bodyEnd, ref _requestEnd, port.Limits.MaxRequestBytes);
        if (result < 0)
        {
            Refuse(-result);
            return Arrival.Refused;
        }

        if (result == 0 && _requestEnd == _end)
        {
            // Everything was understood: the room behind the decoded bytes is free again.
            _requestEnd = _end = _bodyEnd;
        }

        return result == 0 ? Arrival.Partial : Arrival.Whole;
    }

    private void Handle()
    {
        _answer = port.RentAnswer();
        _fields.Clear();
        _skippedLine = false;
        _answered = false;
        _handled = false;
        _phase = Phase.Handling;
        ValueTask handling = Start();
        if (handling.IsCompletedSuccessfully)
        {
            handling.GetAwaiter().GetResult();
            _handled = true;
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
            Go();
        }
        else
        {
            port.Loop.Post(this);
        }
    }

    /// <summary>True: something changed.</summary>
    private bool EndRequest()
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
            return true;
        }

        if (_start == _end)
        {
            GiveBuffer();
        }

        Enter(Phase.Writing);
        FlushAnswer();
        return true;
    }
}

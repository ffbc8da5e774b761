using System.Runtime.InteropServices;
using Nines.Http.Protocol;
using Nines.Kernel;
using Nines.Loops;

namespace Nines.Http.Epoll;

/// <summary>Bytes in and out, and the request as the handler sees it.</summary>
internal sealed partial class HttpConnection
{
    /// <summary>Bytes dropped after the last answer before the client is not listened to any more.</summary>
    private const int MaxDropped = 1 << 20;

    private readonly ByteBuffer _fields = new(512);
    private ByteBuffer? _answer;
    private long _answerHeld;
    private int _flushed;
    private int _dropped;
    private bool _answered;
    private bool _closes;
    private volatile bool _handled;

    public override ReadOnlySpan<byte> Method => _head.Method(HeadBytes);

    public override ReadOnlySpan<byte> Target => _head.Target(HeadBytes);

    public override ReadOnlyMemory<byte> Body => _in.AsMemory((_start + _headLength).._bodyEnd);

    public override bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) =>
        _head.TryGet(HeadBytes, name, out value);

    public override void AddHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _fields.Raw(name);
        _fields.Raw(": "u8);
        _fields.Raw(value);
        _fields.Raw("\r\n"u8);
    }

    public override void Answer(int status, ReadOnlySpan<byte> body)
    {
        Invariant.Assert(!_answered && _answer is not null && status is >= 200 and < 600);
        _answered = true;
        _closes = !_head.KeepsAlive || port.IsStopping;
        WriteHead(status, body.Length);
        if (StatusLine.HasContent(status) && !Method.SequenceEqual("HEAD"u8))
        {
            _answer.Raw(body);
        }
    }

    private void WriteHead(int status, int bodyLength)
    {
        _answer!.Raw(StatusLine.Of(status));
        if (StatusLine.HasContent(status))
        {
            AddHeader("content-length"u8, bodyLength);
        }

        _answer.Raw(_fields.Written);
        _answer.Raw(port.DateField);
        _answer.Raw(_closes ? "connection: close\r\n\r\n"u8 : _head.IsVersion10 ? "connection: keep-alive\r\n\r\n"u8 : "\r\n"u8);
    }

    /// <summary>Answers what is no request, or one that is not wanted, and closes.</summary>
    private void Refuse(int status)
    {
        _closes = true;
        _fields.Clear();
        _answer ??= port.RentAnswer();
        _answer.Clear();
        WriteHead(status, 0);
        GiveBuffer();
        Enter(Phase.Writing);
        FlushAnswer();
    }

    /// <summary>A few bytes into an empty send buffer: they go out whole, or the connection is broken.</summary>
    private void SendContinue()
    {
        ReadOnlySpan<byte> text = "HTTP/1.1 100 Continue\r\n\r\n"u8;
        if (Libc.Send(descriptor, in MemoryMarshal.GetReference(text), (nuint)text.Length, Libc.NoSignal) != text.Length)
        {
            Close();
        }
    }

    /// <summary>True when something arrived or the connection ended.</summary>
    private bool Receive()
    {
        if (!MakeRoom())
        {
            return true;
        }

        Span<byte> room = _in.AsSpan(_end);
        nint count = Libc.Receive(descriptor, ref MemoryMarshal.GetReference(room), (nuint)room.Length, 0);
        if (count < 0)
        {
            return ReceiveFailed();
        }

        if (count == 0)
        {
            Close();
            return true;
        }

        // Less than there was room for: the kernel has no more, and tells when it has (epoll(7), question 9).
        _mayRead = count == room.Length || _ranOut;
        _end += (int)count;
        return true;
    }

    private bool ReceiveFailed()
    {
        int error = Marshal.GetLastPInvokeError();
        if (error == Libc.Interrupted)
        {
            return true;
        }

        _mayRead = false;
        if (error != Libc.WouldBlock)
        {
            Close();
            return true;
        }

        if (_start == _end)
        {
            GiveBuffer();
        }

        return false;
    }

    /// <summary>Room to receive into, up to the bounds on head and body. False: the request went beyond them and was refused.</summary>
    private bool MakeRoom()
    {
        if (_in.Length == 0)
        {
            _in = port.RentBuffer();
        }

        if (_end < _in.Length)
        {
            return true;
        }

        CloseGap();
        if (_end < _in.Length)
        {
            return true;
        }

        int held = _end - _start;

        // Twice what is there, at most: a client that announces megabytes and sends nothing costs one ordinary buffer.
        long wanted = _phase == Phase.Body && !_head.IsChunked ? Math.Min(_headLength + _head.ContentLength, held * 2L) : held * 2L;
        if (held >= HttpLimits.MaxHeaderBytes + port.Limits.MaxRequestBytes + ChunkedBody.MaxPendingBytes)
        {
            Refuse(413);
            return false;
        }

        if (wanted > _in.Length)
        {
            if (!port.TryRentLarge((int)wanted, out byte[] larger))
            {
                Refuse(503);
                return false;
            }

            _in.AsSpan(_start, held).CopyTo(larger);
            ReturnBytes();
            _in = larger;
        }
        else
        {
            _in.AsSpan(_start, held).CopyTo(_in);
        }

        _bodyEnd -= _start;
        _requestEnd -= _start;
        _end = held;
        _start = 0;
        return true;
    }

    /// <summary>Chunk sizes that were understood are no part of the body: their room is taken back, or small chunks would fill the bound.</summary>
    private void CloseGap()
    {
        if (_phase == Phase.Body && _head.IsChunked && _requestEnd > _bodyEnd)
        {
            _in.AsSpan(_requestEnd.._end).CopyTo(_in.AsSpan(_bodyEnd));
            _end -= _requestEnd - _bodyEnd;
            _requestEnd = _bodyEnd;
        }
    }

    /// <summary>Sends what is left of the answer, and goes over to what comes after it.</summary>
    private void FlushAnswer()
    {
        ReadOnlySpan<byte> rest = _answer!.Written[_flushed..];
        while (!rest.IsEmpty)
        {
            nint sent = Libc.Send(descriptor, in MemoryMarshal.GetReference(rest), (nuint)rest.Length, Libc.NoSignal);
            if (sent < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error == Libc.Interrupted)
                {
                    continue;
                }

                if (error != Libc.WouldBlock || !MayKeepAnswer())
                {
                    Close();
                }

                return;
            }

            _flushed += (int)sent;
            rest = rest[(int)sent..];
        }

        GiveAnswer();
        if (_closes)
        {
            _ = Libc.Shutdown(descriptor, Libc.ShutWrite);
            GiveBuffer();
            Enter(Phase.Draining);
        }
        else
        {
            Enter(Phase.Idle);
        }
    }

    /// <summary>The client is slow to take its answer. A large one counts as long as it is kept.</summary>
    private bool MayKeepAnswer()
    {
        if (_answerHeld == 0 && _answer!.Capacity > HttpPort.BufferBytes && port.Held.TryTake(_answer.Capacity))
        {
            _answerHeld = _answer.Capacity;
        }

        return _answerHeld > 0 || _answer!.Capacity <= HttpPort.BufferBytes;
    }

    /// <summary>True when the connection ended.</summary>
    private bool Drop()
    {
        if (_dropped >= MaxDropped)
        {
            // Closing with bytes unread resets the connection, and takes the answer from a client that has not read it yet: it gets its time.
            return false;
        }

        byte[] buffer = port.RentBuffer();
        nint count = Libc.Receive(descriptor, ref buffer[0], (nuint)buffer.Length, 0);
        bool again = count < 0 && Marshal.GetLastPInvokeError() == Libc.WouldBlock;
        port.ReturnBuffer(buffer);
        if (count > 0)
        {
            _dropped += (int)count;
            return true;
        }

        if (!again)
        {
            Close();
            return true;
        }

        _mayRead = false;
        return false;
    }

    private void GiveBuffer()
    {
        if (_in.Length > 0)
        {
            ReturnBytes();
            _in = [];
        }

        _start = _end = 0;
    }

    private void ReturnBytes()
    {
        if (!port.TryReturnBuffer(_in))
        {
            port.ReturnLarge(_in);
        }
    }

    private void GiveAnswer()
    {
        if (_answer is { } answer)
        {
            port.Held.Give(_answerHeld);
            _answerHeld = 0;
            port.ReturnAnswer(answer);
            _answer = null;
        }

        _flushed = 0;
    }
}

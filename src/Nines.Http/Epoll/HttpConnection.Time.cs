using Nines.Loops;

namespace Nines.Http.Epoll;

/// <summary>Every phase ends some time, whatever the client does.</summary>
internal sealed partial class HttpConnection
{
    private const int DrainMs = 2000;

    private bool _isMarked;
    private long _marked;

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
            case Phase.Body when IsTooSlow(_head.IsChunked ? _bodyEnd - _start : _end - _start, waited):
                Refuse(408);
                Go();
                break;
            case Phase.Writing when IsTooSlow(_flushed - Libc.Unacknowledged(descriptor), waited):
            case Phase.Draining when waited > DrainMs:
                Close();
                break;
        }
    }

    /// <summary>
    /// Too few bytes since the mark, the grace not counted. The mark moves on: what came in a burst is no credit for hours of silence
    /// behind it.
    /// </summary>
    private bool IsTooSlow(long bytes, long waitedMs)
    {
        double grace = port.Limits.RateGrace.TotalMilliseconds;
        if (_isMarked && waitedMs > grace && bytes - _marked < port.Limits.MinBytesPerSecond * (waitedMs - grace) / 1000)
        {
            return true;
        }

        if (!_isMarked || waitedMs > 2 * grace)
        {
            _isMarked = true;
            _marked = bytes;
            _since = port.Now;
        }

        return false;
    }
}

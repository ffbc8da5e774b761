namespace Nines.Kernel;

/// <summary>
/// The port to other nodes. A message is delivered whole, at most once per send and unchanged (frames are checksummed), or lost
/// without notice: connections break. Messages of one sender keep their order while a connection lasts. The receiver knows the
/// sender's identity and boot, both checked when the connection was made.
/// </summary>
public interface INetwork
{
    /// <summary>
    /// Queues one message. The bytes are copied or sent before the call returns. False when the peer's bounded queue is full
    /// or there is no connection: the message is dropped, which the protocols above survive.
    /// </summary>
    bool Send(NodeId to, ReadOnlySpan<byte> message);
}

using System.Net;

namespace Nines.Tables.Engines.External;

/// <summary>
/// A request's body that knows whether it has begun to leave. The fields go ahead of it in one piece with it; without the body they say nothing that a
/// server could do.
/// </summary>
internal sealed class SentBody(byte[] bytes) : HttpContent
{
    private volatile bool _hasBegun;

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>False: no byte has left, nor will one.</summary>
    public bool HasBegun => _hasBegun;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _hasBegun = true;
        await stream.WriteAsync(bytes, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}

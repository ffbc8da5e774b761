using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Nines.Http;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>
/// A request's body as its operation reads it: what the exchange holds, or decompressed into a pooled array.
/// Never more than <see cref="TablesDoorOptions.MaxBodyBytes"/>.
/// </summary>
internal sealed class DoorBody : IDisposable
{
    private const int GzipTrailerBytes = 8;

    private readonly ReadOnlyMemory<byte> _sent;
    private byte[]? _rented;
    private int _length;

    public DoorBody(HttpExchange exchange)
    {
        _sent = exchange.Body;
        IsTooLarge = _sent.Length > TablesDoorOptions.MaxBodyBytes;
        ReadOnlySpan<byte> encoding = exchange.Header("content-encoding"u8);
        if (!IsTooLarge && !encoding.IsEmpty && !encoding.SequenceEqual("identity"u8))
        {
            Decompress(encoding);
        }
    }

    public bool IsTooLarge { get; private set; }

    /// <summary>False: compressed by an unknown method, or not decompressible.</summary>
    public bool IsReadable { get; private set; } = true;

    public ReadOnlySpan<byte> Span => _rented is not null ? _rented.AsSpan(0, _length) : _sent.Span;

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
            _length = 0;
        }
    }

    private void Decompress(ReadOnlySpan<byte> encoding)
    {
        if (!System.Text.Ascii.EqualsIgnoreCase(encoding, "gzip"u8))
        {
            IsReadable = false;
            return;
        }

        _rented = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            using var gzip = new GZipStream(new MemoryStream(_sent.ToArray()), CompressionMode.Decompress);
            int read;
            while ((read = gzip.Read(_rented, _length, _rented.Length - _length)) > 0)
            {
                _length += read;
                if (_length > TablesDoorOptions.MaxBodyBytes)
                {
                    IsTooLarge = true;
                    return;
                }

                if (_length == _rented.Length)
                {
                    Grow();
                }
            }

            IsReadable = EndsWhole();
        }
        catch (InvalidDataException)
        {
            IsReadable = false;
        }
    }

    /// <summary>
    /// The stream takes the end of its input for the end of the data. Only the trailer (RFC 1952, section 2.3.1: checksum and length of
    /// all that was compressed) says that nothing was cut off. A body is one member with nothing behind it.
    /// </summary>
    private bool EndsWhole()
    {
        if (_sent.Length < GzipTrailerBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> trailer = _sent.Span[^GzipTrailerBytes..];
        return BinaryPrimitives.ReadUInt32LittleEndian(trailer) == Crc32.Of(Span)
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) == (uint)_length;
    }

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(_rented!.Length * 2);
        _rented.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}

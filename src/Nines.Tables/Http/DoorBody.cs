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

    /// <summary>Beyond it parsing takes longer than others on the same event loop should wait.</summary>
    public const int HeavyBytes = 64 * 1024;

    /// <summary>Larger arrays are not kept: a burst of large bodies must not stay in memory.</summary>
    private const int PooledBytesMax = 1 << 20;

    private readonly ReadOnlyMemory<byte> _sent;
    private readonly bool _isGzip;
    private byte[]? _rented;
    private int _length;

    public DoorBody(HttpExchange exchange)
    {
        _sent = exchange.Body;
        IsTooLarge = _sent.Length > TablesDoorOptions.MaxBodyBytes;
        ReadOnlySpan<byte> encoding = exchange.Header("content-encoding"u8);
        _isGzip = System.Text.Ascii.EqualsIgnoreCase(encoding, "gzip"u8);
        IsReadable = _isGzip || encoding.IsEmpty || encoding.SequenceEqual("identity"u8);
    }

    /// <summary>Compressed, or large.</summary>
    public bool IsHeavy => _isGzip || _sent.Length > HeavyBytes;

    public bool IsTooLarge { get; private set; }

    /// <summary>False: compressed by an unknown method, or not decompressible.</summary>
    public bool IsReadable { get; private set; }

    public ReadOnlySpan<byte> Span => _rented is not null ? _rented.AsSpan(0, _length) : _sent.Span;

    /// <summary>The same, until this is disposed.</summary>
    public ReadOnlyMemory<byte> Memory => _rented is not null ? _rented.AsMemory(0, _length) : _sent;

    public void Dispose()
    {
        if (_rented is not null)
        {
            Return(_rented);
            _rented = null;
            _length = 0;
        }
    }

    /// <summary>Makes <see cref="Span"/> what was meant by what was sent.</summary>
    public void Decompress()
    {
        if (!_isGzip || IsTooLarge)
        {
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
        int length = _rented!.Length * 2;
        byte[] larger = length > PooledBytesMax ? GC.AllocateUninitializedArray<byte>(length) : ArrayPool<byte>.Shared.Rent(length);
        _rented.AsSpan(0, _length).CopyTo(larger);
        Return(_rented);
        _rented = larger;
    }

    private static void Return(byte[] array)
    {
        if (array.Length <= PooledBytesMax)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}

using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Nines.Tables;

/// <summary>
/// A request's body in one piece. Usually a window on what the server received, held until this is disposed; copied into a pooled
/// array when it came in pieces or compressed. Never more than <see cref="TablesDoorOptions.MaxBodyBytes"/>.
/// </summary>
internal sealed class DoorBody : IDisposable
{
    private PipeReader? _reader;
    private ReadOnlySequence<byte> _sequence;
    private byte[]? _rented;
    private int _length;

    public bool IsTooLarge { get; private set; }

    /// <summary>False: compressed by an unknown method, or not decompressible.</summary>
    public bool IsReadable { get; private set; } = true;

    public ReadOnlySpan<byte> Span => _rented is not null ? _rented.AsSpan(0, _length) : _sequence.FirstSpan;

    public static async ValueTask<DoorBody> ReadAsync(HttpRequest request)
    {
        var body = new DoorBody();
        if (request.ContentLength > TablesDoorOptions.MaxBodyBytes)
        {
            body.IsTooLarge = true;
            return body;
        }

        PipeReader reader = request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            body._reader = reader;
            body._sequence = read.Buffer;
            if (read.Buffer.Length > TablesDoorOptions.MaxBodyBytes)
            {
                body.IsTooLarge = true;
                return body;
            }

            if (read.IsCompleted)
            {
                break;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        string encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && encoding != "identity")
        {
            body.Decompress(encoding);
        }
        else if (!body._sequence.IsSingleSegment)
        {
            body._length = (int)body._sequence.Length;
            body._rented = ArrayPool<byte>.Shared.Rent(body._length);
            body._sequence.CopyTo(body._rented);
        }

        return body;
    }

    public void Dispose()
    {
        _reader?.AdvanceTo(_sequence.End);
        _reader = null;
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
            _length = 0;
        }
    }

    private void Decompress(string encoding)
    {
        if (!encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase))
        {
            IsReadable = false;
            return;
        }

        _rented = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            using var gzip = new GZipStream(new MemoryStream(_sequence.ToArray()), CompressionMode.Decompress);
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
        }
        catch (InvalidDataException)
        {
            IsReadable = false;
        }
    }

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(_rented!.Length * 2);
        _rented.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}

using System.IO.Compression;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>Compressed answers, for clients that ask for them.</summary>
internal static class GzipAnswer
{
    /// <summary>Below it a packet or two are saved at most, for more time than they take.</summary>
    public const int MinBytes = 4 * 1024;

    /// <summary>Whether an answer of a length is to be compressed.</summary>
    public static bool IsWanted(HttpExchange exchange, int length) =>
        length > MinBytes && AcceptEncoding.TakesGzip(exchange.Header("accept-encoding"u8));

    /// <summary>Puts the compressed form in the place of an answer.</summary>
    public static void Compress(ByteBuffer answer)
    {
        using var packed = new MemoryStream(answer.Length / 2);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(answer.Written);
        }

        answer.Clear();
        answer.Raw(packed.GetBuffer().AsSpan(0, (int)packed.Length));
    }
}

using System.Buffers.Text;
using System.Text;
using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;

namespace Nines.Tables.Protocol;

/// <summary>
/// Shard iterators as clients carry them: the stream's ARN, <c>|1|</c>, and in base 64 what follows. The checksum covers the ARN too: a text
/// that was cut, mixed up or made up is refused. It is no secret: who may read one stream gains nothing by making up a place in it.
/// <code>
///   table id u64 | stream id n | view | group n | index n | number n | issued, ms n | CRC32C u32
/// </code>
/// </summary>
public static class ShardIteratorText
{
    private const string Version = "|1|";
    private const int TextMax = 2048;
    private const int ChecksumLength = 4;

    /// <summary>Writes an iterator.</summary>
    public static string Encode(ShardIterator iterator)
    {
        ArgumentNullException.ThrowIfNull(iterator);
        var bytes = new ByteBuffer(64);
        bytes.Fixed64(iterator.TableId);
        bytes.Varint(iterator.Stream.Id);
        bytes.Byte((byte)iterator.Stream.View);
        bytes.Count(iterator.Group);
        bytes.Count(iterator.Place.Index);
        bytes.Count(iterator.Place.Number);
        bytes.Count(Math.Max(0, iterator.IssuedMs));
        bytes.Fixed32(Checksum(iterator.Arn, bytes.Written));
        return iterator.Arn + Version + Base64Url.EncodeToString(bytes.Written);
    }

    /// <summary>Reads an iterator of this scope; null when the text is none.</summary>
    public static ShardIterator? TryDecode(string text, TableScope scope)
    {
        ArgumentNullException.ThrowIfNull(text);
        int end = text.Length > TextMax ? -1 : text.IndexOf(Version, StringComparison.Ordinal);
        if (end < 0 || StreamArn.TryRead(text[..end], scope, out _) is not null || !Base64Url.IsValid(text.AsSpan(end + Version.Length)))
        {
            return null;
        }

        byte[] bytes = Base64Url.DecodeFromChars(text.AsSpan(end + Version.Length));
        if (bytes.Length <= ChecksumLength)
        {
            return null;
        }

        string arn = text[..end];
        ReadOnlySpan<byte> content = bytes.AsSpan(0, bytes.Length - ChecksumLength);
        var checksum = new ByteReader(bytes.AsSpan(content.Length));
        return checksum.Fixed32() == Checksum(arn, content) ? Read(arn, content) : null;
    }

    private static ShardIterator? Read(string arn, ReadOnlySpan<byte> content)
    {
        var reader = new ByteReader(content);
        ulong tableId = reader.Fixed64();
        var stream = new StreamShape(reader.Varint(), (StreamView)reader.Byte());
        long group = reader.Count();
        long index = reader.Count();
        long number = reader.Count();
        long issued = reader.Count();
        bool isGood = reader.IsComplete && group <= int.MaxValue && number <= ushort.MaxValue && issued <= long.MaxValue - ShardIterator.LifetimeMs
            && stream.View is >= StreamView.KeysOnly and <= StreamView.NewAndOldImages;
        return isGood ? new ShardIterator(arn, tableId, stream, (int)group, new StreamPlace(index, (int)number), issued) : null;
    }

    private static uint Checksum(string arn, ReadOnlySpan<byte> content) =>
        Crc32C.Finish(Crc32C.Add(Crc32C.Add(Crc32C.Start, Encoding.UTF8.GetBytes(arn)), content));
}

using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>How far a reader of a shard has come. Sent between nodes: append only.</summary>
public enum ShardState : byte
{
    /// <summary>There are more records.</summary>
    More = 0,

    /// <summary>There are no more records yet.</summary>
    CaughtUp = 1,

    /// <summary>There will never be more: the stream was switched off.</summary>
    Ended = 2,
}

/// <summary>One record as it is stored, and where.</summary>
public readonly record struct PlacedRecord(StreamPlace Place, ReadOnlyMemory<byte> Record);

/// <summary>A stream in a list: the time it was switched on gives its label.</summary>
public readonly record struct ListedStream(string TableName, long CreatedMs);

/// <summary>
/// Answers to queries about streams.
/// <code>
///   records   00 | state | next index n, number n | count n | { index n | number n | record blob }
///   shard     00 | closed u8 | any u8 [| first index n, number n | last index n, number n]
///   list      00 | more u8 | count n | { table name text | created, ms n }
/// </code>
/// </summary>
public static class StreamAnswer
{
    /// <summary>Writes a page of records.</summary>
    public static void WriteRecords(ByteBuffer to, ShardState state, StreamPlace next, IReadOnlyList<PlacedRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        TableAnswer.Write(to, AnswerStatus.Done);
        to.Byte((byte)state);
        Write(to, next);
        to.Count(records.Count);
        foreach (PlacedRecord record in records)
        {
            Write(to, record.Place);
            to.Blob(record.Record.Span);
        }
    }

    /// <summary>Adds a page of records to those there are; false, with some of them added, when the bytes are no such answer.</summary>
    public static bool TryReadRecords(ReadOnlyMemory<byte> answer, List<PlacedRecord> records, out ShardState state, out StreamPlace next)
    {
        ArgumentNullException.ThrowIfNull(records);
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        state = (ShardState)reader.Byte();
        next = ReadPlace(ref reader);
        int count = reader.Items(3);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            records.Add(new PlacedRecord(ReadPlace(ref reader), reader.BlobMemory()));
        }

        return done && reader.IsComplete && state <= ShardState.Ended && count <= StreamQuery.RecordsMax;
    }

    /// <summary>Writes what a group has of a stream.</summary>
    public static void WriteShard(ByteBuffer to, bool isClosed, (StreamPlace First, StreamPlace Last)? records)
    {
        TableAnswer.Write(to, AnswerStatus.Done);
        to.Byte(isClosed ? (byte)1 : (byte)0);
        to.Byte(records is null ? (byte)0 : (byte)1);
        if (records is { } both)
        {
            Write(to, both.First);
            Write(to, both.Last);
        }
    }

    /// <summary>Reads <see cref="WriteShard"/>; false when the bytes are something else.</summary>
    public static bool TryReadShard(ReadOnlySpan<byte> answer, out bool isClosed, out (StreamPlace First, StreamPlace Last)? records)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        byte closed = reader.Byte();
        byte any = reader.Byte();
        isClosed = closed == 1;
        records = any == 1 ? (ReadPlace(ref reader), ReadPlace(ref reader)) : null;
        return done && reader.IsComplete && closed <= 1 && any <= 1;
    }

    /// <summary>Writes a page of streams.</summary>
    public static void WriteList(ByteBuffer to, bool more, IReadOnlyList<ListedStream> streams)
    {
        ArgumentNullException.ThrowIfNull(streams);
        TableAnswer.WriteMore(to, more);
        to.Count(streams.Count);
        foreach (ListedStream stream in streams)
        {
            to.Text(stream.TableName);
            to.Count(stream.CreatedMs);
        }
    }

    /// <summary>Reads <see cref="WriteList"/>; null when the bytes are something else.</summary>
    public static (List<ListedStream> Streams, bool More)? TryReadList(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        byte more = reader.Byte();
        int count = reader.Items(2);
        var streams = new List<ListedStream>();
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            streams.Add(new ListedStream(reader.Text(), reader.Count()));
        }

        return done && reader.IsComplete && more <= 1 ? (streams, more == 1) : null;
    }

    private static void Write(ByteBuffer to, StreamPlace place)
    {
        to.Count(place.Index);
        to.Count(place.Number);
    }

    private static StreamPlace ReadPlace(ref ByteReader reader)
    {
        long index = reader.Count();
        long number = reader.Count();
        if (number > ushort.MaxValue)
        {
            reader.Fail();
            return default;
        }

        return new StreamPlace(index, (int)number);
    }
}

using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>A stream of a table, on or off. Times are milliseconds since 1970, agreed through the log.</summary>
/// <param name="Id">The log index of the control group's command that switched it on.</param>
/// <param name="View">What its records show.</param>
/// <param name="CreatedMs">When it was switched on; no two streams of a table share it.</param>
/// <param name="EndedMs">When it was switched off; zero while it is on.</param>
public readonly record struct TableStream(ulong Id, StreamView View, long CreatedMs, long EndedMs)
{
    /// <summary>How long records are kept, and a stream that was switched off can be read: 24 hours, in milliseconds.</summary>
    public const long RetentionMs = 24L * 60 * 60 * 1000;

    /// <summary>Changes of items are written to it.</summary>
    public bool IsOn => EndedMs == 0;

    /// <summary>What tells it from the table's other streams in its ARN.</summary>
    public string Label => CivilTime.Label(CreatedMs);

    /// <summary>Whether clients may still read it at a time.</summary>
    public bool IsReadableAt(long timeMs) => IsOn || timeMs < EndedMs + RetentionMs;
}

/// <summary>
/// The streams of a table, oldest first: those that were switched off, as long as they can be read, and the one that is on, if one is.
/// The newest is never forgotten: DescribeTable names it for good. Never changes; equal to another that holds the same.
/// <code>
///   changed at n | count n | { id n | view | created, ms n | ended, ms n, 0 while on }
/// </code>
/// </summary>
public sealed class TableStreams : IEquatable<TableStreams>
{
    /// <summary>How many streams a table can have within 24 hours.</summary>
    public const int CountMax = 32;

    /// <summary>A table that never had a stream.</summary>
    public static readonly TableStreams None = new(0, []);

    private readonly TableStream[] _streams;

    private TableStreams(ulong changedAt, TableStream[] streams)
    {
        ChangedAt = changedAt;
        _streams = streams;
    }

    /// <summary>The log index of the control group's command that last switched a stream on or off; zero for none.</summary>
    public ulong ChangedAt { get; }

    /// <summary>All that are known, oldest first.</summary>
    public IReadOnlyList<TableStream> All => _streams;

    /// <summary>The newest, on or off; null when the table never had one.</summary>
    public TableStream? Latest => _streams.Length == 0 ? null : _streams[^1];

    /// <summary>The one that is on.</summary>
    public TableStream? Current => Latest is { IsOn: true } latest ? latest : null;

    /// <summary>What CreateTable asks for; id and time are the control group's to give.</summary>
    public static TableStreams Wanted(StreamView view) => new(0, [new TableStream(0, view, 0, 0)]);

    /// <summary>These and a new one that is on from now; null when the table has too many.</summary>
    public TableStreams? TryBegin(LogIndex position, StreamView view, long timeMs)
    {
        Invariant.Assert(Current is null);
        TableStream[] kept = [.. _streams.Where(stream => stream.IsReadableAt(timeMs) || stream == Latest)];
        long created = Latest is { } latest ? Math.Max(timeMs, latest.CreatedMs + 1) : timeMs;
        var begun = new TableStream((ulong)position.Value, view, created, 0);
        return kept.Length >= CountMax ? null : new((ulong)position.Value, [.. kept, begun]);
    }

    /// <summary>These, with the one that is on switched off.</summary>
    public TableStreams End(LogIndex position, long timeMs)
    {
        Invariant.Assert(Current is not null);
        return new((ulong)position.Value, [.. _streams[..^1], _streams[^1] with { EndedMs = Math.Max(1, timeMs) }]);
    }

    /// <summary>Appends the streams.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Varint(ChangedAt);
        to.Count(_streams.Length);
        foreach (TableStream stream in _streams)
        {
            to.Varint(stream.Id);
            to.Byte((byte)stream.View);
            to.Count(stream.CreatedMs);
            to.Count(stream.EndedMs);
        }
    }

    /// <summary>Reads streams that other fields may follow. Fails the reader when they are not what <see cref="Encode"/> writes.</summary>
    public static TableStreams Decode(ref ByteReader reader)
    {
        ulong changedAt = reader.Varint();
        int count = reader.Items(4);
        if (count is 0 or > CountMax)
        {
            reader.Fail();
            return None;
        }

        var streams = new TableStream[reader.Failed ? 0 : count];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = new TableStream(reader.Varint(), (StreamView)reader.Byte(), reader.Count(), reader.Count());
            bool isInOrder = i == 0 || (streams[i].CreatedMs > streams[i - 1].CreatedMs && !streams[i - 1].IsOn);
            if (!isInOrder || streams[i].View is < StreamView.KeysOnly or > StreamView.NewAndOldImages)
            {
                reader.Fail();
            }
        }

        return reader.Failed ? None : new(changedAt, streams);
    }

    /// <inheritdoc/>
    public bool Equals(TableStreams? other) =>
        other is not null && ChangedAt == other.ChangedAt && _streams.AsSpan().SequenceEqual(other._streams);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TableStreams);

    /// <summary>Coarse on purpose, as that of tags is.</summary>
    public override int GetHashCode() => _streams.Length;
}

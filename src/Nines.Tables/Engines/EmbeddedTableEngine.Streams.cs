using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <content>
/// Streams. Which there are the control group says; their records lie in the data groups, one shard in each. All reads are strong. LATEST
/// must be behind every single write that was acknowledged before it was asked for, and GetRecords must show every such write: a consumer that
/// writes an item and then reads the stream finds the record. From a replica that is behind, both would be wrong without a sign of it. A
/// transaction is acknowledged when it is decided; a group that had no leader meanwhile writes its part, with its records, when it has one again.
/// </content>
public sealed partial class EmbeddedTableEngine
{
    /// <inheritdoc/>
    public async ValueTask<StreamListResult> ListStreamsAsync(ListStreamsRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var query = new ByteBuffer(64);
        (string, string) after = request.After is { } stream ? (stream.TableName, stream.Label) : ("", "");
        StreamQuery.EncodeList(query, request.TableName ?? "", after, request.Limit, NowMs);
        Answer answer = await ReadControlAsync(query, call);
        TableError? error = ErrorOf(answer);
        (List<ListedStream> Streams, bool More)? page = error is null ? StreamAnswer.TryReadList(answer.Body.Span) : null;
        return page is { } found
            ? new StreamListResult(null, Certificate.Of(answer)) { Streams = found.Streams, More = found.More }
            : new StreamListResult(error ?? Outcomes.Malformed(), CertificateOf(answer, error)) { Streams = [] };
    }

    /// <inheritdoc/>
    public async ValueTask<StreamResult> DescribeStreamAsync(DescribeStreamRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        StreamResult found = await FindStreamAsync(request.Stream, call);
        if (found.Error is not null)
        {
            return found;
        }

        // A shard is never split, so none has children.
        IEnumerable<ShardName> shards = request.ParentShardId is not null ? [] : ShardsOf(found.Stream)
            .Where(shard => request.After is null || string.CompareOrdinal(StreamIds.ShardId(shard), request.After) > 0);
        ShardName[] page = [.. shards.Take(request.Limit + 1)];
        var described = new List<ShardDescription>();
        foreach (ShardName shard in page.Take(request.Limit))
        {
            // A stream that is on has open shards only.
            (ShardContent? content, TableError? error, Certificate certificate) = found.Stream.IsOn
                ? (default(ShardContent), null, Certificate.Done)
                : await ReadShardAsync(found.Table!.Id, shard, call, deadline);
            if (error is not null)
            {
                return new StreamResult(error, certificate);
            }

            described.Add(new ShardDescription(shard, content is { IsClosed: true } closed ? closed.Records?.Last ?? StreamPlace.Start : null));
        }

        return found with { Shards = described, More = page.Length > request.Limit };
    }

    /// <inheritdoc/>
    public async ValueTask<ShardIteratorResult> GetShardIteratorAsync(ShardIteratorRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        StreamResult found = await FindStreamAsync(request.Stream, call);
        if (found.Error is not null)
        {
            return new ShardIteratorResult(found.Error, found.Certificate);
        }

        ShardName? named = StreamIds.TryParseShardId(request.ShardId);
        if (named is not { } shard || !ShardsOf(found.Stream).Contains(shard))
        {
            return new ShardIteratorResult(StreamIds.NoShard(request.ShardId), Certificate.Refused);
        }

        var iterator = new ShardIterator(
            request.Stream.Arn, found.Table!.Id, new StreamShape(found.Stream.Id, found.Stream.View), shard.Group, StreamPlace.Start, NowMs);
        if (request.Type == ShardIteratorType.TrimHorizon)
        {
            return new ShardIteratorResult(null, found.Certificate) { Iterator = iterator };
        }

        (ShardContent? content, TableError? error, Certificate certificate) = await ReadShardAsync(found.Table.Id, shard, call, deadline);
        error ??= IsTrimmed(request, content) ? TableError.TrimmedDataAccess() : null;
        return error is not null
            ? new ShardIteratorResult(error, certificate with { Outcome = certificate.Outcome == Outcome.Done ? Outcome.NotDone : certificate.Outcome })
            : new ShardIteratorResult(null, certificate) { Iterator = iterator with { Place = PlaceOf(request, certificate.Position) } };
    }

    /// <inheritdoc/>
    public async ValueTask<RecordsResult> GetRecordsAsync(GetRecordsRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        ShardIterator iterator = request.Iterator;
        var group = new GroupId(iterator.Group);
        if (!_replicated.Groups.Contains(group))
        {
            return new RecordsResult(StreamIds.NotFound(iterator.Arn), Certificate.Refused);
        }

        if (NowMs > iterator.IssuedMs + ShardIterator.LifetimeMs)
        {
            return new RecordsResult(TableError.ExpiredIterator(), Certificate.Refused);
        }

        var deadline = new Deadline(_time, call.Timeout);
        var records = new List<PlacedRecord>();
        StreamPlace next = iterator.Place;
        ShardState state = ShardState.More;
        Certificate certificate = Certificate.Done;
        for (long bytes = 0; state == ShardState.More && records.Count < request.Limit && bytes < StreamQuery.BytesMax;)
        {
            int before = records.Count;
            Answer answer = await SendAsync(iterator, next, request.Limit - before, StreamQuery.BytesMax - bytes, call, deadline);
            certificate = Certificate.Of(answer);
            TableError? error = ErrorOf(answer);
            if (error is null && !StreamAnswer.TryReadRecords(answer.Body, records, out state, out next))
            {
                error = Outcomes.Malformed();
            }

            if (error is not null)
            {
                return new RecordsResult(WithArn(error, iterator.Arn), CertificateOf(answer, error)) { Records = [] };
            }

            bytes += records.Skip(before).Sum(static record => (long)record.Record.Length);
        }

        return new RecordsResult(null, certificate)
        {
            Records = records,
            Next = state == ShardState.Ended ? null : iterator with { Place = next, IssuedMs = NowMs },
        };
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private long OldestMs => NowMs - TableStream.RetentionMs;

    private async ValueTask<Answer> SendAsync(
        ShardIterator iterator, StreamPlace next, int records, long bytes, TableCall call, Deadline deadline)
    {
        var query = new ByteBuffer(64);
        new StreamQuery(iterator.TableId, iterator.Stream.Id, OldestMs, next, records, (int)Math.Min(bytes, SliceBytes)).Encode(query);
        Answer answer = await _replicated.ReadAsync(
            new GroupId(iterator.Group), TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query.WrittenMemory, deadline.Left);
        Observe(call, answer);
        return answer;
    }

    private async ValueTask<StreamResult> FindStreamAsync(StreamName stream, TableCall call)
    {
        TableResult found = await DescribeTableAsync(stream.TableName, call);
        if (found.Error is not null)
        {
            return new StreamResult(WithArn(found.Error, stream.Arn), found.Certificate);
        }

        foreach (TableStream known in found.Table!.Streams.All)
        {
            if (known.Label == stream.Label && known.IsReadableAt(NowMs) && found.Table.Status != TableStatus.Deleting)
            {
                return new StreamResult(null, found.Certificate) { Table = found.Table, Stream = known };
            }
        }

        return new StreamResult(StreamIds.NotFound(stream.Arn), found.Certificate with { Outcome = Outcome.NotDone });
    }

    /// <summary>What a group has of a stream.</summary>
    private readonly record struct ShardContent(bool IsClosed, (StreamPlace First, StreamPlace Last)? Records);

    private async ValueTask<(ShardContent? Content, TableError? Error, Certificate Certificate)> ReadShardAsync(
        ulong tableId, ShardName shard, TableCall call, Deadline deadline)
    {
        var query = new ByteBuffer(32);
        StreamQuery.EncodeShard(query, tableId, shard.StreamId, OldestMs);
        Answer answer = await _replicated.ReadAsync(
            new GroupId(shard.Group), TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query.WrittenMemory, deadline.Left);
        Observe(call, answer);
        TableError? error = ErrorOf(answer);
        if (error is not null || !StreamAnswer.TryReadShard(answer.Body.Span, out bool isClosed, out (StreamPlace, StreamPlace)? records))
        {
            error ??= Outcomes.Malformed();
            return (null, error, CertificateOf(answer, error));
        }

        return (new ShardContent(isClosed, records), null, Certificate.Of(answer));
    }

    private IEnumerable<ShardName> ShardsOf(TableStream stream) => _replicated.Groups.Select(group => new ShardName(stream.Id, group.Value));

    /// <summary>
    /// Whether records from the place on may be gone: it is before the oldest there is. Nobody remembers what was dropped, so a place in an
    /// empty shard counts as gone too. The start of the shard is where there is still something to begin with.
    /// </summary>
    private static bool IsTrimmed(ShardIteratorRequest request, ShardContent? content) =>
        request.Type != ShardIteratorType.Latest && request.Place != StreamPlace.Start
        && (content?.Records is not { } records || request.Place < records.First);

    private static StreamPlace PlaceOf(ShardIteratorRequest request, LogIndex position) => request.Type switch
    {
        ShardIteratorType.Latest => new StreamPlace(position.Value + 1, 0),
        ShardIteratorType.AfterSequenceNumber when request.Place != StreamPlace.Start => request.Place.Next,
        ShardIteratorType.AfterSequenceNumber or ShardIteratorType.AtSequenceNumber => request.Place,
        ShardIteratorType.TrimHorizon => StreamPlace.Start,
    };

    /// <summary>The groups know tables by name and id; who asked for a stream is told of the stream.</summary>
    private static TableError WithArn(TableError error, string arn) =>
        error.Type == TableError.ResourceNotFoundType ? StreamIds.NotFound(arn) : error;
}

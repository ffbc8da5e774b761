using System.Buffers.Binary;
using System.Security.Cryptography;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.Operations;

namespace Nines.Tables.Protocol;

/// <summary>The bodies of answers about streams and time to live.</summary>
public static class StreamJson
{
    /// <summary>The answer of ListStreams.</summary>
    public static void List(ByteBuffer to, in StreamListResult result, TableScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var json = new JsonOutput(to);
        json.BeginObject();
        if (result.More && result.Streams.Count > 0)
        {
            ListedStream last = result.Streams[^1];
            json.Name("LastEvaluatedStreamArn"u8);
            json.Value(StreamArn.Of(scope.ArnPrefix, last.TableName, CivilTime.Label(last.CreatedMs)));
        }

        json.Name("Streams"u8);
        json.BeginArray();
        foreach (ListedStream stream in result.Streams)
        {
            string label = CivilTime.Label(stream.CreatedMs);
            json.BeginObject();
            json.Name("StreamArn"u8);
            json.Value(StreamArn.Of(scope.ArnPrefix, stream.TableName, label));
            json.Name("StreamLabel"u8);
            json.Value(label);
            json.Name("TableName"u8);
            json.Value(stream.TableName);
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
    }

    /// <summary>The answer of DescribeStream.</summary>
    public static void Describe(ByteBuffer to, in StreamResult result, TableScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        TableDescription table = result.Table!;
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("StreamDescription"u8);
        json.BeginObject();
        json.Name("CreationRequestDateTime"u8);
        json.Value(result.Stream.CreatedMs / 1000m);
        TableJson.WriteKeys(table.Hash, table.Range, ref json);
        if (result.More && result.Shards.Count > 0)
        {
            json.Name("LastEvaluatedShardId"u8);
            json.Value(StreamIds.ShardId(result.Shards[^1].Name));
        }

        json.Name("Shards"u8);
        json.BeginArray();
        foreach (ShardDescription shard in result.Shards)
        {
            Shard(shard, ref json);
        }

        json.EndArray();
        json.Name("StreamArn"u8);
        json.Value(StreamArn.Of(scope.ArnPrefix, table.Name, result.Stream.Label));
        json.Name("StreamLabel"u8);
        json.Value(result.Stream.Label);
        json.Name("StreamStatus"u8);
        json.Value(StatusOf(table, result.Stream));
        json.Name("StreamViewType"u8);
        json.Value(StreamPart.NameOf(result.Stream.View));
        json.Name("TableName"u8);
        json.Value(table.Name);
        json.EndObject();
        json.EndObject();
    }

    /// <summary>The answer of GetShardIterator.</summary>
    public static void Iterator(ByteBuffer to, ShardIterator iterator)
    {
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("ShardIterator"u8);
        json.Value(ShardIteratorText.Encode(iterator));
        json.EndObject();
    }

    /// <summary>The answer of GetRecords. False: a record's bytes are damaged.</summary>
    public static bool Records(ByteBuffer to, ShardIterator from, in RecordsResult result, TableScope scope)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(scope);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        if (result.Next is { } next)
        {
            json.Name("NextShardIterator"u8);
            json.Value(ShardIteratorText.Encode(next));
        }

        json.Name("Records"u8);
        json.BeginArray();
        foreach (PlacedRecord placed in result.Records)
        {
            isWhole &= StreamRecord.TryDecode(placed.Record) is { } record && Record(placed.Place, record, from, scope, ref json);
        }

        json.EndArray();
        json.EndObject();
        return isWhole;
    }

    /// <summary>The answer of UpdateTimeToLive: what was asked for.</summary>
    public static void TimeToLiveUpdated(ByteBuffer to, TimeToLiveRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("TimeToLiveSpecification"u8);
        json.BeginObject();
        json.Name("AttributeName"u8);
        json.Value(request.Attribute);
        json.Name("Enabled"u8);
        json.Value(request.IsEnabled);
        json.EndObject();
        json.EndObject();
    }

    /// <summary>The answer of DescribeTimeToLive.</summary>
    public static void TimeToLive(ByteBuffer to, TimeToLive? expiry)
    {
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("TimeToLiveDescription"u8);
        json.BeginObject();
        if (expiry is { Attribute.Length: > 0 } known)
        {
            json.Name("AttributeName"u8);
            json.Value(known.Attribute);
        }

        json.Name("TimeToLiveStatus"u8);
        json.Value(expiry?.Status switch
        {
            TimeToLiveStatus.Enabling => "ENABLING"u8,
            TimeToLiveStatus.Enabled => "ENABLED"u8,
            TimeToLiveStatus.Disabling => "DISABLING"u8,
            _ => "DISABLED"u8,
        });
        json.EndObject();
        json.EndObject();
    }

    private static ReadOnlySpan<byte> StatusOf(TableDescription table, TableStream stream)
    {
        bool isChanging = table.Status != TableStatus.Active && stream == table.Streams.Latest;
        return stream.IsOn
            ? isChanging ? "ENABLING"u8 : "ENABLED"u8
            : isChanging ? "DISABLING"u8 : "DISABLED"u8;
    }

    private static void Shard(in ShardDescription shard, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("SequenceNumberRange"u8);
        json.BeginObject();
        if (shard.Last is { } last)
        {
            json.Name("EndingSequenceNumber"u8);
            json.Value(last.Text);
        }

        json.Name("StartingSequenceNumber"u8);
        json.Value(StreamPlace.Start.Text);
        json.EndObject();
        json.Name("ShardId"u8);
        json.Value(StreamIds.ShardId(shard.Name));
        json.EndObject();
    }

    private static bool Record(StreamPlace place, StreamRecord record, ShardIterator from, TableScope scope, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("awsRegion"u8);
        json.Value(scope.Region);
        json.Name("dynamodb"u8);
        bool isWhole = Change(place, record, from.Stream.View, ref json);
        json.Name("eventID"u8);
        json.Value(EventId(from, place));
        json.Name("eventName"u8);
        json.Value(record.Event switch
        {
            StreamEvent.Insert => "INSERT"u8,
            StreamEvent.Modify => "MODIFY"u8,
            StreamEvent.Remove => "REMOVE"u8,
        });
        json.Name("eventSource"u8);
        json.Value("aws:dynamodb"u8);
        json.Name("eventVersion"u8);
        json.Value("1.1"u8);
        if (record.IsByService)
        {
            json.Name("userIdentity"u8);
            json.BeginObject();
            json.Name("PrincipalId"u8);
            json.Value("dynamodb.amazonaws.com"u8);
            json.Name("Type"u8);
            json.Value("Service"u8);
            json.EndObject();
        }

        json.EndObject();
        return isWhole;
    }

    private static bool Change(StreamPlace place, StreamRecord record, StreamView view, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("ApproximateCreationDateTime"u8);
        json.Value(record.TimeMs / 1000);
        bool isWhole = Image("Keys"u8, record.Keys, ref json, out long bytes);
        if (!record.NewImage.IsEmpty)
        {
            isWhole &= Image("NewImage"u8, record.NewImage, ref json, out long size);
            bytes += size;
        }

        if (!record.OldImage.IsEmpty)
        {
            isWhole &= Image("OldImage"u8, record.OldImage, ref json, out long size);
            bytes += size;
        }

        json.Name("SequenceNumber"u8);
        json.Value(place.Text);
        json.Name("SizeBytes"u8);
        json.Value(bytes);
        json.Name("StreamViewType"u8);
        json.Value(StreamPart.NameOf(view));
        json.EndObject();
        return isWhole;
    }

    private static bool Image(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> item, ref JsonOutput json, out long bytes)
    {
        json.Name(name);
        bytes = EncodedItemSize.Of(item) ?? 0;
        return EncodedItemJson.TryWrite(item, ref json);
    }

    /// <summary>The same for the same change whenever it is read, and for no other: a digest of where it is.</summary>
    private static string EventId(ShardIterator shard, StreamPlace place)
    {
        Span<byte> where = stackalloc byte[8 + 4 + 8 + 2];
        BinaryPrimitives.WriteUInt64BigEndian(where, shard.Stream.Id);
        BinaryPrimitives.WriteInt32BigEndian(where[8..], shard.Group);
        BinaryPrimitives.WriteInt64BigEndian(where[12..], place.Index);
        BinaryPrimitives.WriteUInt16BigEndian(where[20..], (ushort)place.Number);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(where, hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}

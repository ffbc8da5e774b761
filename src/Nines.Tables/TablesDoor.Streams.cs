using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>Time to live, and the operations of DynamoDB's second service, streams, which has the same port.</summary>
public sealed partial class TablesDoor
{
    private async ValueTask<(TableError? Error, Certificate Certificate)> UpdateTimeToLiveAsync(
        ParsedRequest<TimeToLiveRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TableResult result = await _engine.UpdateTimeToLiveAsync(parsed.Request, call);
        if (result.Error is null)
        {
            StreamJson.TimeToLiveUpdated(answer, parsed.Request);
        }

        return (result.Error, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> DescribeTimeToLiveAsync(
        ParsedRequest<string> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TableResult result = await _engine.DescribeTableAsync(parsed.Request, call);
        if (result.Error is not null)
        {
            return (result.Error, result.Certificate);
        }

        if (result.Table!.Status is TableStatus.Creating or TableStatus.Deleting)
        {
            string status = result.Table.Status == TableStatus.Creating ? "CREATING" : "DELETING";
            return (
                TableError.Validation(
                    $"Cannot describe time to live while table is in {status} state: Current table state is {status}"),
                Certificate.Refused);
        }

        StreamJson.TimeToLive(answer, result.Table.TimeToLive);
        return (null, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> ListStreamsAsync(
        ParsedRequest<ListStreamsRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        StreamListResult result = await _engine.ListStreamsAsync(parsed.Request, call);
        if (result.Error is null)
        {
            StreamJson.List(answer, result, _scope);
        }

        return (result.Error, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> DescribeStreamAsync(
        ParsedRequest<DescribeStreamRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        StreamResult result = await _engine.DescribeStreamAsync(parsed.Request, call);
        if (result.Error is null)
        {
            StreamJson.Describe(answer, result, _scope);
        }

        return (result.Error, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> GetShardIteratorAsync(
        ParsedRequest<ShardIteratorRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        ShardIteratorResult result = await _engine.GetShardIteratorAsync(parsed.Request, call);
        if (result.Error is null)
        {
            StreamJson.Iterator(answer, result.Iterator!);
        }

        return (result.Error, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> GetRecordsAsync(
        ParsedRequest<GetRecordsRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        RecordsResult result = await _engine.GetRecordsAsync(parsed.Request, call);
        if (result.Error is not null)
        {
            return (result.Error, result.Certificate);
        }

        bool isHeavy = result.Records.Sum(static record => (long)record.Record.Length) > DoorBody.HeavyBytes;
        bool isWhole = isHeavy ? await _heavyWork.RunAsync(Write) : Write();
        return (isWhole ? null : Outcomes.Damaged(), result.Certificate);

        bool Write() => StreamJson.Records(answer, parsed.Request.Iterator, result, _scope);
    }
}

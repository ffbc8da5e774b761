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
    private ValueTask<(TableError? Error, Certificate Certificate)> UpdateTimeToLiveAsync(
        ParsedRequest<TimeToLiveRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.UpdateTimeToLiveAsync, (request, _) => StreamJson.TimeToLiveUpdated(answer, request));

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

    private ValueTask<(TableError? Error, Certificate Certificate)> ListStreamsAsync(
        ParsedRequest<ListStreamsRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.ListStreamsAsync, (_, result) => StreamJson.List(answer, result, _scope));

    private ValueTask<(TableError? Error, Certificate Certificate)> DescribeStreamAsync(
        ParsedRequest<DescribeStreamRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.DescribeStreamAsync, (_, result) => StreamJson.Describe(answer, result, _scope));

    private ValueTask<(TableError? Error, Certificate Certificate)> GetShardIteratorAsync(
        ParsedRequest<ShardIteratorRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.GetShardIteratorAsync, (_, result) => StreamJson.Iterator(answer, result.Iterator!));

    private ValueTask<(TableError? Error, Certificate Certificate)> GetRecordsAsync(
        ParsedRequest<GetRecordsRequest> parsed, TableCall call, ByteBuffer answer) => AnswerItemsAsync(
            parsed, call, _engine.GetRecordsAsync, static result => result.Records.Sum(static record => (long)record.Record.Length),
            (request, result) => StreamJson.Records(answer, request.Iterator, result, _scope));
}

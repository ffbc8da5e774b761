using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Operations;

namespace Nines.Tables;

/// <summary>The operations beside those on items: the service's limits and endpoints, changes and tags of tables.</summary>
public sealed partial class TablesDoor
{
    private static ValueTask<(TableError? Error, Certificate Certificate)> DescribeLimits(DoorBody body, ByteBuffer answer)
    {
        if (RequestParser.NoMembers(body.Span) is { } error)
        {
            return Refused(error);
        }

        ControlWriter.Limits(answer);
        return new((null, Certificate.Done));
    }

    /// <summary>The address a client shall use is the one it uses: whichever node, proxy or name that is.</summary>
    private ValueTask<(TableError? Error, Certificate Certificate)> DescribeEndpoints(HttpExchange exchange, DoorBody body, ByteBuffer answer)
    {
        if (RequestParser.NoMembers(body.Span) is { } error)
        {
            return Refused(error);
        }

        string host = Encoding.Latin1.GetString(exchange.Header("host"u8));
        ControlWriter.Endpoints(answer, host.Length > 0 ? host : $"dynamodb.{_options.Region}.amazonaws.com");
        return new((null, Certificate.Done));
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> UpdateTableAsync(
        ParsedRequest<TableUpdate> parsed, TableCall call, ByteBuffer answer) =>
        parsed.IsGood
            ? WriteTable(await _engine.UpdateTableAsync(parsed.Request, call), isDescribe: false, answer)
            : (parsed.Error, Certificate.Refused);

    /// <summary>The answers of TagResource and UntagResource have no body at all.</summary>
    private async ValueTask<(TableError? Error, Certificate Certificate)> ChangeTagsAsync(ParsedRequest<TagRequest> parsed, TableCall call)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TableResult result = await _engine.ChangeTagsAsync(parsed.Request, call);
        return (ByArn(result.Error, parsed.Request.Arn), result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> ListTagsAsync(
        ParsedRequest<TagRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TableResult result = await _engine.DescribeTableAsync(parsed.Request.TableName, call);
        if (result.Table is not null)
        {
            ControlWriter.Tags(answer, result.Table.Tags);
        }

        return (ByArn(result.Error, parsed.Request.Arn), result.Certificate);
    }

    /// <summary>The group knows tables by name; who asked by ARN is told of the ARN.</summary>
    private static TableError? ByArn(TableError? error, string arn) =>
        error?.Type == TableError.ResourceNotFoundType ? Tagging.NotFound(arn) : error;
}

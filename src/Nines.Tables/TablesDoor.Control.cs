using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>The operations beside those on items: the service's limits and endpoints.</summary>
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
}

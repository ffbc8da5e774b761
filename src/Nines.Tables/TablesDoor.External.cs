using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>The door in front of a service that speaks the protocol itself: everything but the operations is done here as ever.</summary>
public sealed partial class TablesDoor
{
    private readonly IOperationEngine? _operations;

    /// <summary>A door that hands every operation on, also those the other constructor's door does not know.</summary>
    public TablesDoor(IOperationEngine operations, TablesDoorOptions? options = null)
        : this(null, operations, options) => ArgumentNullException.ThrowIfNull(operations);

    private async ValueTask HandOnAsync(IOperationEngine operations, HttpExchange exchange, DoorResponse response, DoorBody body)
    {
        (TableError? refused, TableCall call) = body.IsHeavy ? await AdmitHeavyAsync(exchange, body) : Admit(exchange, body);
        if (body.IsTooLarge)
        {
            response.Send(413, _requestIds.Next(), "text/plain"u8, default);
            return;
        }

        ByteBuffer answer = BufferPool.Shared.Rent();
        OperationAnswer given = refused is null
            ? await operations.DoAsync(RequestOf(exchange, body, call), answer)
            : new OperationAnswer(0, Certificate.Refused, refused);
        if (given.Error is { } error)
        {
            answer.Clear();
            ResponseWriter.Error(answer, error);
        }

        bool isGzip = GzipAnswer.IsWanted(exchange, answer.Length);
        if (isGzip)
        {
            await CompressAsync(answer);
        }

        response.Send(given.Error?.Status ?? given.Status, _requestIds.Next(), given.Certificate, call, answer.Written, isGzip);
        BufferPool.Shared.Return(answer);
    }

    private Task<(TableError? Error, TableCall Call)> AdmitHeavyAsync(HttpExchange exchange, DoorBody body) =>
        _heavyWork.RunAsync(() => Admit(exchange, body));

    /// <summary>What can be said of a request without its operation, in the order of the embedded engine's door.</summary>
    private (TableError? Error, TableCall Call) Admit(HttpExchange exchange, DoorBody body)
    {
        TableError? error = Admit(exchange, body, out TableCall call);
        error ??= call.Session is not null || call.Consistency is Consistency.Sequential or Consistency.Strong
            ? TableError.Validation(
                "The tables of this door are kept by an external service: x-nines-consistency may be eventual only, and there are no sessions. Use ConsistentRead")
            : null;
        error ??= ForeignTarget.IsOne(TargetOf(exchange)) ? null : UnknownOperation(body);
        return (error, call);
    }

    private static OperationRequest RequestOf(HttpExchange exchange, DoorBody body, TableCall call) => new()
    {
        Target = TargetOf(exchange),
        Body = body.Memory,
        ContentType = DoorRequest.WantsJson10(exchange) ? "application/x-amz-json-1.0" : "application/json",
        InvocationId = DoorRequest.InvocationText(exchange),
        Timeout = call.Timeout,
    };

    private static string TargetOf(HttpExchange exchange) => Encoding.Latin1.GetString(exchange.Header("x-amz-target"u8));
}

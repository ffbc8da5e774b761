using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>The operations on several items at one moment.</summary>
public sealed partial class TablesDoor
{
    private ValueTask<(TableError? Error, Certificate Certificate)> TransactWriteAsync(
        ParsedRequest<TransactWriteRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.TransactWriteAsync, (request, result) => TransactionWriter.Write(answer, request, result.CapacityUnits));

    private ValueTask<(TableError? Error, Certificate Certificate)> TransactGetAsync(
        ParsedRequest<TransactGetRequest> parsed, TableCall call, ByteBuffer answer) => AnswerItemsAsync(
            parsed, call, _engine.TransactGetAsync, static result => BytesOf(result.Items),
            (request, result) => TransactionWriter.Get(answer, request, result.Items, result.CapacityUnits));
}

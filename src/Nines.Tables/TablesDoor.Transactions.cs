using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>The operations on several items at one moment.</summary>
public sealed partial class TablesDoor
{
    private async ValueTask<(TableError? Error, Certificate Certificate)> TransactWriteAsync(
        ParsedRequest<TransactWriteRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TransactWriteResult result = await _engine.TransactWriteAsync(parsed.Request, call);
        if (result.Error is null)
        {
            TransactionWriter.Write(answer, parsed.Request, result.CapacityUnits);
        }

        return (result.Error, result.Certificate);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> TransactGetAsync(
        ParsedRequest<TransactGetRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TransactGetResult result = await _engine.TransactGetAsync(parsed.Request, call);
        if (result.Error is not null)
        {
            return (result.Error, result.Certificate);
        }

        bool isHeavy = result.Items.Sum(static item => (long)item.Length) > DoorBody.HeavyBytes;
        bool isWhole = isHeavy ? await _heavyWork.RunAsync(Write) : Write();
        return (isWhole ? null : Outcomes.Damaged(), result.Certificate);

        bool Write() => TransactionWriter.Get(answer, parsed.Request, result.Items, result.CapacityUnits);
    }
}

using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>The way of most operations: what could not be read is refused, the engine is asked, and what it found is written.</summary>
public sealed partial class TablesDoor
{
    private static async ValueTask<(TableError? Error, Certificate Certificate)> AnswerAsync<TRequest, TResult>(
        ParsedRequest<TRequest> parsed, TableCall call, Func<TRequest, TableCall, ValueTask<TResult>> ask, Action<TRequest, TResult> write)
        where TRequest : class
        where TResult : struct, IEngineResult
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TResult result = await ask(parsed.Request, call);
        if (result.Error is null)
        {
            write(parsed.Request, result);
        }

        return (result.Error, result.Certificate);
    }

    /// <summary>The same for answers with stored items, which may be damaged, and many.</summary>
    /// <param name="parsed">The request.</param>
    /// <param name="call">What it says beside its body.</param>
    /// <param name="ask">The engine's operation.</param>
    /// <param name="bytes">How many bytes of items are to be written.</param>
    /// <param name="write">Writes them; false: one is damaged.</param>
    private async ValueTask<(TableError? Error, Certificate Certificate)> AnswerItemsAsync<TRequest, TResult>(
        ParsedRequest<TRequest> parsed,
        TableCall call,
        Func<TRequest, TableCall, ValueTask<TResult>> ask,
        Func<TResult, long> bytes,
        Func<TRequest, TResult, bool> write)
        where TRequest : class
        where TResult : struct, IEngineResult
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        TResult result = await ask(parsed.Request, call);
        TableError? error = result.Error ?? await WriteItemsAsync(bytes(result), () => write(parsed.Request, result));
        return (error, result.Certificate);
    }

    /// <summary>Writes items, away from the event loop when they are heavy; the error when one is damaged.</summary>
    private async ValueTask<TableError?> WriteItemsAsync(long bytes, Func<bool> write) =>
        (bytes > DoorBody.HeavyBytes ? await _heavyWork.RunAsync(write) : write()) ? null : Outcomes.Damaged();

    private static long BytesOf(IEnumerable<ReadOnlyMemory<byte>> items) => items.Sum(static item => (long)item.Length);
}

using Nines.Kernel;
using Nines.Tables.Engines.Transactions;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <content>TransactWriteItems: the protocol itself is <see cref="TransactionCoordinator"/>'s.</content>
public sealed partial class EmbeddedTableEngine
{
    /// <summary>How long a request waits for another one with its token.</summary>
    private static readonly TimeSpan UnderWayPatience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan UnderWayPause = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public async ValueTask<TransactWriteResult> TransactWriteAsync(TransactWriteRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        UInt128 token = TokenOf(request, call);
        bool isIdentified = request.Token is not null || call.InvocationId != UInt128.Zero;
        for (byte attempt = 0; ; attempt++)
        {
            (TableSchema[]? schemas, Catalogue.Found missing) = await SchemasAsync(request.Operations, deadline);
            if (schemas is null)
            {
                return new TransactWriteResult(missing.Error, missing.Certificate);
            }

            if (CheckAll(request.Operations, schemas) is { } refused)
            {
                return new TransactWriteResult(refused, Certificate.Refused);
            }

            TransactionParts parts = TransactionParts.Of(_replicated, request.Operations, schemas, isIdentified, ItemCommands.WriteChange);
            if (parts.HasRepeatedItem)
            {
                return new TransactWriteResult(TransactionErrors.RepeatedItem(), Certificate.Refused);
            }

            if (request.Token is not null && _tokens.IsAnother(token, parts.Fingerprint))
            {
                return new TransactWriteResult(TransactionErrors.TokenMismatch(), Certificate.Refused);
            }

            if (attempt == 0 && BeginTransaction(request.Operations, schemas) is { } exceeded)
            {
                return new TransactWriteResult(exceeded, Certificate.Refused);
            }

            AttemptEnd end = await AttemptAsync(
                new TransactionId(token, _replicated.NewId().Value), FlagsOf(request, schemas), parts, call, attempt, deadline);
            bool isLast = attempt + 1 == AttemptsMax;
            if (end.UnknownTableIn is { } group && !isLast)
            {
                await CorrectAsync(group, schemas, deadline);
            }
            else if (end.Answer?.Verdict != TransactionVerdict.GivenUp || isLast)
            {
                if (end.Answer is { } answer)
                {
                    EndTransaction(schemas, answer);
                }

                return await ResultAsync(request, schemas, call, token, parts, end, deadline);
            }
        }
    }

    private ValueTask<AttemptEnd> AttemptAsync(
        TransactionId id, TransactionFlags flags, TransactionParts parts, TableCall call, byte attempt, Deadline deadline)
    {
        if (parts.Parts.Count > 1)
        {
            return _coordinator.TransactAsync(id, flags, parts, deadline);
        }

        Span<byte> subject = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(subject, parts.Fingerprint);
        RequestId resent = RequestIds.Of(call.InvocationId, (byte)TableCommandKind.Transact, subject, attempt);
        return _coordinator.TransactAsync(id, flags, resent, parts, deadline);
    }

    private TransactionFlags FlagsOf(TransactWriteRequest request, TableSchema[] schemas)
    {
        bool isMeasured = request.Capacity != CapacityReturn.None
            || (_throughput is { } throughput && Array.Exists(schemas, schema => throughput.Of(schema) is not null));
        return (request.Token is null ? TransactionFlags.None : TransactionFlags.Remembered)
            | (isMeasured ? TransactionFlags.Measured : TransactionFlags.None);
    }

    private async ValueTask<TransactWriteResult> ResultAsync(
        TransactWriteRequest request, TableSchema[] schemas, TableCall call, UInt128 token, TransactionParts parts, AttemptEnd end, Deadline deadline)
    {
        foreach (Answer seen in end.Seen)
        {
            Observe(call, seen);
        }

        TransactionAnswer? answer = end.Answer;
        if (answer?.Verdict == TransactionVerdict.Refused && parts.Parts.Count > 1)
        {
            // What stands in the way may be what the first sending of this very request did.
            answer = await FindEarlierAsync(token, answer, deadline);
        }

        if (answer is null)
        {
            return new TransactWriteResult(end.Error, end.Certificate);
        }

        Certificate notDone = end.Certificate with { Outcome = Outcome.NotDone };
        switch (answer.Verdict)
        {
            case TransactionVerdict.Done:
                if (request.Token is not null)
                {
                    _tokens.Remember(token, parts.Fingerprint);
                }

                return new TransactWriteResult(null, end.Certificate with { Outcome = Outcome.Done })
                {
                    CapacityUnits = UnitsOf(request, schemas, answer),
                };
            case TransactionVerdict.DoneBefore when answer.Fingerprint == parts.Fingerprint:
                return new TransactWriteResult(null, end.Certificate with { Outcome = Outcome.Done })
                {
                    CapacityUnits = UnitsOf(request, schemas, new TransactionAnswer(answer.Verdict) { Sizes = new (long, long)[parts.Count] }),
                };
            case TransactionVerdict.DoneBefore:
                return new TransactWriteResult(TransactionErrors.TokenMismatch(), notDone);
            case TransactionVerdict.Refused:
                return answer.IsUnderWay
                    ? new TransactWriteResult(TransactionErrors.InProgress(), notDone with { Outcome = Outcome.Unknown })
                    : new TransactWriteResult(TransactionErrors.Canceled(answer.Reasons), notDone);
            default:
                var conflicts = new CancellationReason[parts.Count];
                Array.Fill(conflicts, CancellationReason.Conflict);
                return new TransactWriteResult(TransactionErrors.Canceled(conflicts), notDone);
        }
    }

    /// <summary>What became of an earlier sending with the token, when there was one; otherwise the refusal stands.</summary>
    private async ValueTask<TransactionAnswer> FindEarlierAsync(UInt128 token, TransactionAnswer refused, Deadline deadline)
    {
        long began = _time.GetTimestamp();
        while (true)
        {
            TransactionAnswer? earlier = await _coordinator.FindAsync(token, deadline);
            if (earlier is { Verdict: TransactionVerdict.DoneBefore })
            {
                return earlier;
            }

            if (!refused.IsUnderWay || deadline.Left < UnderWayPause || _time.GetElapsedTime(began) > UnderWayPatience)
            {
                return refused;
            }

            await Task.Delay(UnderWayPause, _time);
        }
    }

    /// <summary>The token of the client, or else of the SDK's call, or else a new one: all sendings of one request have the same.</summary>
    private UInt128 TokenOf(TransactWriteRequest request, TableCall call) =>
        request.Token is not null ? RequestIds.TokenOf(request.Token)
        : call.InvocationId != UInt128.Zero
            ? RequestIds.Of(call.InvocationId, (byte)TableCommandKind.DecideTransaction, "").Value
            : _replicated.NewId().Value;

    private async ValueTask<(TableSchema[]? Schemas, Catalogue.Found Missing)> SchemasAsync(
        IReadOnlyList<ItemRequest> operations, Deadline deadline)
    {
        var schemas = new TableSchema[operations.Count];
        for (int i = 0; i < schemas.Length; i++)
        {
            Catalogue.Found found = await FindAsync(operations[i].TableName, deadline);
            if (found.Schema is null)
            {
                return (null, found);
            }

            schemas[i] = found.Schema;
        }

        return (schemas, default);
    }

    private static TableError? CheckAll(IReadOnlyList<ItemRequest> operations, TableSchema[] schemas)
    {
        for (int i = 0; i < schemas.Length; i++)
        {
            if (CheckAgainst(schemas[i], operations[i]) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>A group does not know one of these tables: this node's catalogue is old, or the group is behind.</summary>
    private async ValueTask CorrectAsync(GroupId group, TableSchema[] schemas, Deadline deadline)
    {
        foreach (TableSchema schema in schemas.DistinctBy(static schema => schema.Id))
        {
            Catalogue.Found found = await _catalogue.ReadAsync(schema.Name, deadline);
            if (found.Schema is { } current && current.Id == schema.Id)
            {
                await RegisterAsync(group, current, deadline);
            }
        }
    }

    /// <summary>A write in a transaction costs twice what it costs alone: once to prepare it, once to do it. So it does in indexes.</summary>
    private static List<TableUnits> UnitsOf(TransactWriteRequest request, TableSchema[] schemas, TransactionAnswer answer)
    {
        var units = new List<TableUnits>();
        for (int i = 0; request.Capacity != CapacityReturn.None && i < answer.Sizes.Count; i++)
        {
            IReadOnlyList<IndexUnits> indexes = i < answer.Costs.Count ? UnitsOf(schemas[i], answer.Costs[i]) : [];
            decimal table = TransactionTimes * Capacity.OfWrite(answer.Sizes[i].Old, answer.Sizes[i].New);
            AddUnits(units, new TableUnits(
                request.Operations[i].ShownTable, table, [.. indexes.Select(static u => u with { Units = TransactionTimes * u.Units })]));
        }

        return units;
    }

    private static void AddUnits(List<TableUnits> units, TableUnits more)
    {
        int at = units.FindIndex(u => u.TableName == more.TableName);
        if (at < 0)
        {
            units.Add(more);
        }
        else
        {
            units[at] = units[at].Add(more);
        }
    }
}

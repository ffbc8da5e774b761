using Nines.Kernel;
using Nines.Tables.Engines.Transactions;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <content>
/// TransactGetItems, without locks: the items are read in every group, then every group is asked whether they are still as they were.
/// If all are, there was a moment between the two rounds at which all of them were what was read.
/// </content>
public sealed partial class EmbeddedTableEngine
{
    private static readonly TimeSpan SnapshotPatience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async ValueTask<TransactGetResult> TransactGetAsync(TransactGetRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        var wait = new LockWait(_coordinator, _time, deadline);
        long began = _time.GetTimestamp();
        int corrections = 0;
        bool isLetIn = false;
        while (true)
        {
            (TableSchema[]? schemas, Catalogue.Found missing) = await SchemasAsync(request.Gets, deadline);
            if (schemas is null)
            {
                return new TransactGetResult(missing.Error, missing.Certificate);
            }

            if (CheckAll(request.Gets, schemas) is { } refused)
            {
                return new TransactGetResult(refused, Certificate.Refused);
            }

            TransactionParts parts = TransactionParts.Of(_replicated, request.Gets, schemas, isIdentified: false, WriteGet);
            if (parts.HasRepeatedItem)
            {
                return new TransactGetResult(TransactionErrors.RepeatedItem(), Certificate.Refused);
            }

            if (!isLetIn && BeginTransaction(request.Gets, schemas) is { } exceeded)
            {
                return new TransactGetResult(exceeded, Certificate.Refused);
            }

            isLetIn = true;
            Answer[] answers = await ReadPartsAsync(parts, deadline);
            if (With(AnswerStatus.UnknownTable, answers) is { } unknown && ++corrections < AttemptsMax)
            {
                await CorrectAsync(unknown.Group, schemas, deadline);
                continue;
            }

            Answer? locked = With(AnswerStatus.Locked, answers);
            bool isOneMoment = locked is null
                && (parts.Parts.Count == 1 || !Array.TrueForAll(answers, IsWhole) || await IsUnchangedAsync(request, schemas, answers, deadline));
            if (isOneMoment)
            {
                return ResultOf(request, call, schemas, parts, answers);
            }

            bool goesOn = locked is { } held
                ? await wait.WaitAsync(TableAnswer.TryReadLock(held.Body.Span)!.Value, held.Group)
                : _time.GetElapsedTime(began) < SnapshotPatience && deadline.Left > TimeSpan.Zero;
            if (!goesOn)
            {
                return Conflict(request);
            }
        }
    }

    private static TransactGetResult Conflict(TransactGetRequest request)
    {
        var conflicts = new CancellationReason[request.Gets.Count];
        Array.Fill(conflicts, CancellationReason.Conflict);
        return new TransactGetResult(TransactionErrors.Canceled(conflicts), Certificate.Refused);
    }

    private Task<Answer[]> ReadPartsAsync(TransactionParts parts, Deadline deadline) => Task.WhenAll(parts.Parts.Select(part =>
    {
        var query = new ByteBuffer(256);
        TransactionCommand.BeginRead(query, part.Operations.Count);
        return ReadStrongAsync(part, query, deadline);
    }));

    private async ValueTask<bool> IsUnchangedAsync(
        TransactGetRequest request, TableSchema[] schemas, Answer[] answers, Deadline deadline)
    {
        TransactionParts parts = TransactionParts.Of(_replicated, request.Gets, schemas, isIdentified: false, WriteKey);
        if (!parts.Parts.Select(static part => part.Group).SequenceEqual(answers.Select(static answer => answer.Group)))
        {
            // A group was split between the rounds.
            return false;
        }

        Answer[] checks = await Task.WhenAll(parts.Parts.Zip(answers, (part, answer) =>
        {
            var query = new ByteBuffer(256);
            TransactionCommand.BeginUnchanged(query, answer.Position, part.Operations.Count);
            return ReadStrongAsync(part, query, deadline);
        }));
        return Array.TrueForAll(checks, static check => check.IsDone && TableAnswer.TryReadMore(check.Body.Span) == false);
    }

    private async Task<Answer> ReadStrongAsync(GroupPart part, ByteBuffer query, Deadline deadline)
    {
        foreach (ReadOnlyMemory<byte> operation in part.Operations)
        {
            query.Raw(operation.Span);
        }

        return await _replicated.ReadAsync(
            part.Group, TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query.WrittenMemory, deadline.Left);
    }

    /// <summary>The first answer of a status; null when there is none.</summary>
    private static Answer? With(AnswerStatus status, Answer[] answers)
    {
        int at = Array.FindIndex(answers, answer => answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == status);
        return at < 0 ? null : answers[at];
    }

    private static bool IsWhole(Answer answer) => answer.IsDone && TransactionReads.TryReadItems(answer.Body) is not null;

    private TransactGetResult ResultOf(
        TransactGetRequest request, TableCall call, TableSchema[] schemas, TransactionParts parts, Answer[] answers)
    {
        var items = new ReadItem[request.Gets.Count];
        foreach ((GroupPart part, Answer answer) in parts.Parts.Zip(answers))
        {
            if (ErrorOf(answer) is { } error)
            {
                return new TransactGetResult(error, CertificateOf(answer, error));
            }

            if (TransactionReads.TryReadItems(answer.Body) is not { } read || read.Count != part.Places.Count)
            {
                return new TransactGetResult(Outcomes.Malformed(), Certificate.Of(answer));
            }

            Observe(call, answer);
            for (int i = 0; i < read.Count; i++)
            {
                items[part.Places[i]] = read[i];
            }
        }

        EndTransaction(schemas, items);
        var units = new List<TableUnits>();
        for (int i = 0; request.Capacity != CapacityReturn.None && i < items.Length; i++)
        {
            AddUnits(units, new TableUnits(request.Gets[i].ShownTable, TransactionTimes * Capacity.OfRead(items[i].Size, isStrong: true), []));
        }

        return new TransactGetResult(null, Certificate.Of(answers[0]) with { StalenessMs = 0 })
        {
            Items = [.. items.Select(static item => item.Item)],
            CapacityUnits = units,
        };
    }

    private static void WriteGet(ByteBuffer to, TableSchema schema, ItemKey key, ItemRequest request)
    {
        to.Fixed64(schema.Id);
        to.Byte((byte)(request.Expressions.Projection is null ? ItemFlags.None : ItemFlags.Projection));
        key.Write(to);
        if (request.Expressions.Projection is { } projection)
        {
            ExpressionCodec.Encode(projection, to);
        }
    }

    private static void WriteKey(ByteBuffer to, TableSchema schema, ItemKey key, ItemRequest request)
    {
        to.Fixed64(schema.Id);
        key.Write(to);
    }
}

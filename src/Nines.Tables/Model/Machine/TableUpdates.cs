using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What becomes of a table by an UpdateTable: arithmetic on rows. But for the stream, which every data group has to be told of, the change
/// is whole at once; the answer says UPDATING and mostly shows what was before, as DynamoDB's does, whose clients look again until the
/// table is ACTIVE.
/// </summary>
internal static class TableUpdates
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private const string Exceeded = "Subscriber limit exceeded: ";
    private const long HourMs = 60 * 60 * 1000;
    private const long ClassWindowMs = 30L * 24 * HourMs;
    private const long FreeDecreases = 4;

    /// <summary>The row after the update, and the row to answer with; or why the update is refused.</summary>
    public static (TableDescription Changed, TableDescription Shown)? TryApply(
        TableDescription row, TableUpdate update, LogIndex position, long nowMs, out TableError? error)
    {
        TableStreams streams = row.Streams;
        bool isPerRequest = (update.Billing ?? row.Billing) == BillingMode.PayPerRequest;
        error = isPerRequest && update.Throughput is not null
                ? TableError.Validation(Invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
            : update.Billing == BillingMode.Provisioned && update.Throughput is null
                ? TableError.Validation(Invalid + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
            : CheckThroughput(row, update.Throughput, nowMs) ?? CheckClass(row, update.Class, nowMs)
                ?? ChangeStream(row, update.Stream, position, nowMs, out streams);
        if (error is not null)
        {
            return null;
        }

        TableDescription changed = WithClass(WithThroughput(row, update, nowMs), update.Class, nowMs);
        changed = changed with
        {
            DeletionProtection = update.DeletionProtection ?? row.DeletionProtection,
            Streams = streams,
            Status = update.Reshapes ? TableStatus.Updating : row.Status,
        };
        return (changed, Show(row, changed, update));
    }

    public static TableError? CheckThroughput(TableDescription row, CapacityUnits? units, long nowMs)
    {
        if (row.Billing != BillingMode.Provisioned || units is not { } wanted)
        {
            return null;
        }

        if (wanted == UnitsOf(row))
        {
            return TableError.Validation(
                "The provisioned throughput for the table will not change. The requested value equals the current value. "
                + $"Current ReadCapacityUnits provisioned for the table: {row.ReadCapacityUnits}. Requested ReadCapacityUnits: {wanted.Read}. "
                + $"Current WriteCapacityUnits provisioned for the table: {row.WriteCapacityUnits}. Requested WriteCapacityUnits: {wanted.Write}. "
                + "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.");
        }

        ThroughputHistory history = row.Throughput;
        long today = history.DecreasesOn(nowMs);
        return IsDecrease(row, wanted) && today >= FreeDecreases && nowMs < history.LastDecreaseMs + HourMs
            ? TableError.LimitExceeded(
                Exceeded + "Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each subsequent "
                + "decrease in the same UTC day can be performed at most once every 3600 seconds. "
                + $"Number of decreases today: {today}. Last decrease at {CivilTime.Text(history.LastDecreaseMs)}. "
                + $"Next decrease can be made at {CivilTime.Text(history.LastDecreaseMs + HourMs)}")
            : null;
    }

    private static TableError? CheckClass(TableDescription row, TableClass? wanted, long nowMs) =>
        IsOtherClass(row, wanted) && row.ClassChanges.BeforeMs > 0 && nowMs < row.ClassChanges.BeforeMs + ClassWindowMs
            ? TableError.LimitExceeded(Exceeded + "Updates to TableClass are limited to 2 times in 30 day(s).")
            : null;

    private static TableError? ChangeStream(
        TableDescription row, StreamChange? change, LogIndex position, long nowMs, out TableStreams streams)
    {
        streams = row.Streams;
        switch (change)
        {
            case null:
                return null;
            case { View: { } view } when row.Streams.Current is null:
                streams = row.Streams.TryBegin(position, view, nowMs) ?? row.Streams;
                return streams.Current is null
                    ? TableError.LimitExceeded($"{Exceeded}There is a limit of {TableStreams.CountMax} streams of a table within 24 hours")
                    : null;
            case { View: not null }:
                return TableError.Validation("Table already has an enabled stream: TableName: " + row.Name);
            default:
                streams = row.Streams.Current is null ? row.Streams : row.Streams.End(position, nowMs);
                return row.Streams.Current is null ? TableError.Validation("Table has no stream to disable: TableName: " + row.Name) : null;
        }
    }

    private static TableDescription WithThroughput(TableDescription row, TableUpdate update, long nowMs)
    {
        if (update.Billing == BillingMode.PayPerRequest)
        {
            return row.Billing == BillingMode.PayPerRequest ? row : row with
            {
                Billing = BillingMode.PayPerRequest,
                PayPerRequestSinceMs = nowMs,
                ReadCapacityUnits = 0,
                WriteCapacityUnits = 0,
            };
        }

        return update.Throughput is not { } wanted ? row : row with
        {
            Billing = BillingMode.Provisioned,
            PayPerRequestSinceMs = row.Billing == BillingMode.PayPerRequest ? row.LastPayPerRequestMs : row.PayPerRequestSinceMs,
            ReadCapacityUnits = wanted.Read,
            WriteCapacityUnits = wanted.Write,
            Throughput = row.Throughput.Add(
                increased: wanted.Read > row.ReadCapacityUnits || wanted.Write > row.WriteCapacityUnits, IsDecrease(row, wanted), nowMs),
        };
    }

    private static TableDescription WithClass(TableDescription row, TableClass? wanted, long nowMs) =>
        IsOtherClass(row, wanted) ? row with { Class = wanted!.Value, ClassChanges = new(nowMs, row.ClassChanges.LastMs) } : row;

    /// <summary>
    /// Capacity and class as they were; a billing mode, and what goes with it, as it is now. Deletion protection alone does not even say
    /// UPDATING.
    /// </summary>
    private static TableDescription Show(TableDescription row, TableDescription changed, TableUpdate update)
    {
        if (update is { Billing: null, Throughput: null, Class: null })
        {
            return changed;
        }

        TableDescription shown = changed with { Status = TableStatus.Updating, Class = row.Class, ClassChanges = row.ClassChanges };
        return changed.Billing != row.Billing ? shown : shown with
        {
            ReadCapacityUnits = row.ReadCapacityUnits,
            WriteCapacityUnits = row.WriteCapacityUnits,
            Throughput = changed.Throughput with { DecreasesThatDay = changed.Throughput.DecreasesThatDay - (IsDecrease(row, UnitsOf(changed)) ? 1 : 0) },
        };
    }

    private static CapacityUnits UnitsOf(TableDescription row) => new(row.ReadCapacityUnits, row.WriteCapacityUnits);

    public static bool IsDecrease(TableDescription row, CapacityUnits wanted) =>
        row.Billing == BillingMode.Provisioned && (wanted.Read < row.ReadCapacityUnits || wanted.Write < row.WriteCapacityUnits);

    /// <summary>A table without a class is of the STANDARD class.</summary>
    private static bool IsOtherClass(TableDescription row, TableClass? wanted) =>
        wanted is { } other && other != (row.Class == TableClass.Unset ? TableClass.Standard : row.Class);
}

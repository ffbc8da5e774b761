using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Changes that every data group must know before they are whole. The row says what is wanted and raises its revision; somebody registers
/// the new shape in every data group and then settles the row.
/// <code>
///   stream        UPDATING --registered everywhere--> ACTIVE
///   time to live  ENABLING --registered everywhere, then filled everywhere--> ENABLED
///                 DISABLING --registered everywhere--> DISABLED
/// </code>
/// SettleTable carries the revision that was registered and FinishTimeToLive the change that was filled; for another they do nothing, so
/// that a step which comes late never ends a change it does not belong to.
/// </summary>
internal static class TableReshaping
{
    public static void Settle(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong revision = command.Varint();
        if (!CatalogueRules.TryRead(ref command, state, answer, out TableDescription? row) || row.Revision != revision)
        {
            return;
        }

        TableStatus status = row.Status == TableStatus.Updating ? TableStatus.Active : row.Status;
        TimeToLive? expiry = row.TimeToLive is { Status: TimeToLiveStatus.Disabling } disabling
            ? disabling with { Status = TimeToLiveStatus.Disabled, Attribute = "" }
            : row.TimeToLive;
        CatalogueRules.Store(row with { Status = status, TimeToLive = expiry }, state);
    }

    public static void FinishTimeToLive(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong changedAt = command.Varint();
        if (CatalogueRules.TryRead(ref command, state, answer, out TableDescription? row)
            && row.TimeToLive is { Status: TimeToLiveStatus.Enabling } enabling && enabling.ChangedAt == changedAt)
        {
            CatalogueRules.Store(row with { TimeToLive = enabling with { Status = TimeToLiveStatus.Enabled } }, state);
        }
    }

    public static void UpdateTimeToLive(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        string name = command.Text();
        string attribute = command.Text();
        byte enabled = command.Byte();
        if (!command.IsComplete || enabled > 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!TableChanges.TryFind(name, state, answer, out TableDescription? row))
        {
            return;
        }

        if (Refusal(row.TimeToLive, attribute, enabled == 1) is { } refused)
        {
            TableAnswer.Write(answer, TableError.Validation(refused));
            return;
        }

        TimeToLiveStatus status = enabled == 1 ? TimeToLiveStatus.Enabling : TimeToLiveStatus.Disabling;
        TableDescription changed = row with { TimeToLive = new TimeToLive((ulong)context.Position.Value, status, attribute) };
        CatalogueRules.Store(changed, state);
        TableAnswer.Write(answer, changed);
    }

    /// <summary>
    /// DynamoDB takes no second change for about half an hour, the time that its own work on one may take. Here a change may follow as soon
    /// as the one before is whole.
    /// </summary>
    private static string? Refusal(TimeToLive? now, string attribute, bool enable) => now switch
    {
        { IsOn: true } on when on.Attribute != attribute =>
            "TimeToLive is active on a different AttributeName: current AttributeName is " + on.Attribute,
        { IsOn: true } when enable => "TimeToLive is already enabled",
        { IsChanging: true } => "Time to live has been modified multiple times within a fixed interval",
        null or { IsOn: false } when !enable => "TimeToLive is already disabled",
        _ => null,
    };
}

using System.Globalization;
using Nines.Replication;
using static Nines.Node.Configuration.ConfigurationKeys;

namespace Nines.Node.Configuration;

/// <summary>Reads how old weak reads are made.</summary>
internal static class StalenessCheck
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Null: as old as they happen to be, or an error was noted.</summary>
    public static AgingRule? Read(ConfigurationReader reader, bool ephemeral, bool isExternal)
    {
        string text = reader.Text(TablesStaleness);
        if (text.Length == 0)
        {
            return null;
        }

        AgingRule? rule = ephemeral && !isExternal ? TryParse(text) : null;
        if (rule is null)
        {
            reader.Refuse(TablesStaleness, isExternal ? "no value when tables.engine is dynamodb" : null);
        }

        return rule;
    }

    private static AgingRule? TryParse(string text) => text.Split(':') switch
    {
        ["none"] => new AgingRule(Aging.None, TimeSpan.Zero, 0),
        ["fixed", var by] when TryTime(by, out TimeSpan time) => new AgingRule(Aging.Fixed, time, 0),
        ["seeded", var seed, var by] when TryTime(by, out TimeSpan time)
            && ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) => new AgingRule(Aging.Seeded, time, number),
        _ => null,
    };

    private static bool TryTime(string text, out TimeSpan time) => ConfigurationReader.TryDuration(text, out time) && time > TimeSpan.Zero && time <= Longest;
}

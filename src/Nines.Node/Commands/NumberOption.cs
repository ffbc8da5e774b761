using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Nines.Node.Commands;

/// <summary>Options whose value is a number within bounds. What is no such number is refused with the option's name and the bounds.</summary>
internal static class NumberOption
{
    /// <summary>For options that take the number of the first port.</summary>
    public const int LastPort = ushort.MaxValue;

    public static Option<int> Whole(string name, string helpName, int min, int max, int preset, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => preset,
        CustomParser = result => Whole(result, name, min, max) ?? preset,
    };

    /// <summary>Null when it is not given.</summary>
    public static Option<int?> WholeIfAny(string name, string alias, string helpName, int min, int max, string description) => new(name, alias)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => Whole(result, name, min, max),
    };

    /// <param name="above">The number is greater than this.</param>
    public static Option<double> Real(string name, string helpName, double above, double max, double preset, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => preset,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > above && value <= max)
            {
                return value;
            }

            Refuse(result, name, FormattableString.Invariant($"a number above {above}, at most {max}"));
            return preset;
        },
    };

    public static Option<ulong> Seed(string name, string helpName, ulong preset, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => preset,
        CustomParser = result =>
        {
            if (ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
            {
                return value;
            }

            Refuse(result, name, $"a number from 0 to {ulong.MaxValue}");
            return preset;
        },
    };

    private static int? Whole(ArgumentResult result, string name, int min, int max)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
        {
            return value;
        }

        Refuse(result, name, $"a number from {min} to {max}");
        return null;
    }

    private static void Refuse(ArgumentResult result, string name, string expected) =>
        result.AddError($"{name}: \"{result.Tokens[0].Value}\" is not allowed; expected {expected}");
}

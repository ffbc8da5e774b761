using System.Globalization;

namespace Nines.Fuzz;

/// <summary>
/// <c>dotnet run -c Release --project tests/Nines.Fuzz -- --inputs 24000000 [--target T] [--seed S] [--skip K] [--threads N]</c>. The
/// exit code is 0 only when nothing was found. docs/testing.md says more.
/// </summary>
internal static class Program
{
    private const string Usage = "--inputs N [--target NAME] [--seed S] [--skip K] [--threads N] | --list";

    private static int Main(string[] args)
    {
        if (args is ["--list"])
        {
            Console.WriteLine(string.Join('\n', TargetCatalogue.All.Select(t => t.Name)));
            return 0;
        }

        var options = new CampaignOptions(1_000_000, null, 1, 0, Environment.ProcessorCount);
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            bool isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
            CampaignOptions? next = args[i] switch
            {
                "--target" when value.Length > 0 => options with { Target = value },
                "--inputs" when isNumber && number > 0 => options with { Inputs = number },
                "--seed" when isNumber => options with { Seed = (ulong)number },
                "--skip" when isNumber => options with { Skip = number },
                "--threads" when isNumber && number is > 0 and <= 64 => options with { Threads = (int)number },
                _ => null,
            };
            if (next is null)
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }

            options = next;
        }

        return new Campaign(options, Console.Out).Run() ? 0 : 1;
    }
}

namespace Nines.Fuzz.Tests;

/// <summary>Some inputs for every target, always the same. NINES_FUZZ_INPUTS makes a long night of it; campaigns are in docs/testing.md.</summary>
public sealed class TargetTests
{
    private const int DefaultInputs = 4000;


    public static TheoryData<string> Names => [.. TargetCatalogue.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Takes_any_bytes(string name)
    {
        long inputs = long.TryParse(Environment.GetEnvironmentVariable("NINES_FUZZ_INPUTS"), out long wanted) ? wanted : DefaultInputs;
        FuzzFigures figures = new FuzzRun(Target(name), 1).Run(0, inputs);
        Assert.True(figures.Inputs >= inputs);
        Assert.True(figures.Accepted > 0, "no input gets past the first check");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_own_encoders_are_understood(string name)
    {
        FuzzTarget target = Target(name);
        target.Begin(new Kernel.Prng(1));
        Assert.NotEmpty(target.Corpus);
        Assert.Contains(target.Corpus, valid => target.Try(valid.ToArray()));
    }

    [Fact]
    public void The_same_input_comes_again()
    {
        FuzzTarget target = Target("tables.item");
        FuzzFigures once = new FuzzRun(target, 7).Run(500, 1500);
        FuzzFigures again = new FuzzRun(Target("tables.item"), 7).Run(500, 1000);
        again.Add(new FuzzRun(Target("tables.item"), 7).Run(1000, 1500));
        Assert.Equal((once.Inputs, once.Accepted), (again.Inputs, again.Accepted));
    }

    [Fact]
    public void What_a_target_does_wrong_is_found_with_a_line_that_does_it_again()
    {
        var throwing = new Decoder("throws", ["abc"u8.ToArray()], input => input[2] == 'c');
        FindingException finding = Assert.Throws<FindingException>(() => new FuzzRun(throwing, 3).Run(0, 1000));
        Assert.Contains("--target throws --seed 3 --skip ", finding.Message, StringComparison.Ordinal);

        var greedy = new Decoder("greedy", [[200, 200]], input => input.Length > 0 && new byte[input[0] * 1000].Length > 0) { Fixed = 100_000 };
        Assert.Contains("allocated", Assert.Throws<FindingException>(() => new FuzzRun(greedy, 3).Run(0, 1000)).Message, StringComparison.Ordinal);
    }

    private static FuzzTarget Target(string name) => TargetCatalogue.All.Single(t => t.Name == name).Make();
}

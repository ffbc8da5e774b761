using System.Xml.Linq;

namespace Nines.House.Tests;

/// <summary>
/// A project reference is the only door between rooms. This table says which doors there may be; a new room is a new line here,
/// and a reason to think.
/// </summary>
public sealed class ReferenceTests
{
    private const string Kernel = "Nines.Kernel";

    private static readonly SortedDictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        [Kernel] = [],

        // Pure cores.
        ["Nines.Consensus"] = [Kernel],
        ["Nines.Membership"] = [Kernel],

        ["Nines.Storage"] = [Kernel],
        ["Nines.Replication"] = [Kernel, "Nines.Consensus", "Nines.Storage"],

        // Doors know the engine's ports in the kernel, never each other and never what is below the ports.
        // Shells that doors and the transport share.
        ["Nines.Loops"] = [Kernel],
        ["Nines.Http"] = [Kernel, "Nines.Loops"],
        ["Nines.Tables"] = [Kernel, "Nines.Http"],

        // What applications use: knows the doors by their protocols alone.
        ["Nines.Client"] = [],

        ["Nines.Simulation"] = [Kernel, "Nines.Consensus", "Nines.Storage", "Nines.Replication", "Nines.Tables"],
        ["Nines.Node"] =
        [
            Kernel, "Nines.Consensus", "Nines.Membership", "Nines.Storage", "Nines.Replication", "Nines.Loops", "Nines.Http",
            "Nines.Tables", "Nines.Simulation",
        ],
    };

    /// <summary>Packages a room below the doors may use: none. A package there would be a technology the rules depend on.</summary>
    private static readonly string[] RoomsWithoutPackages = [Kernel, "Nines.Consensus", "Nines.Membership", "Nines.Storage", "Nines.Replication", "Nines.Simulation"];

    public static TheoryData<string> Projects => [.. Repository.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal)
        && f.EndsWith(".csproj", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_refers_only_to_rooms_it_may_know(string project)
    {
        string room = Path.GetFileNameWithoutExtension(project);
        Assert.True(Allowed.ContainsKey(room), $"{room} is a new room: say in this test which rooms it may know");
        Assert.Empty(Items(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Except(Allowed[room]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Rooms_below_the_doors_use_no_package_and_no_web_framework(string project)
    {
        if (RoomsWithoutPackages.Contains(Path.GetFileNameWithoutExtension(project)))
        {
            Assert.Empty(Items(project, "PackageReference").Concat(Items(project, "FrameworkReference")));
        }
    }

    [Fact]
    public void No_room_knows_itself_through_others()
    {
        foreach (string room in Allowed.Keys)
        {
            Assert.DoesNotContain(room, Reachable(room));
        }
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Repository.Read("Nines.slnx");
        Assert.All(
            Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal)
                && (f.StartsWith("src/", StringComparison.Ordinal) || f.StartsWith("tests/", StringComparison.Ordinal))),
            project => Assert.Contains($"\"{project}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_are_said_in_one_place()
    {
        foreach (string project in Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(
                XDocument.Parse(Repository.Read(project)).Descendants("PackageReference"), p => p.Attribute("Version") is not null);
        }
    }

    [Fact]
    public void Every_dependency_has_a_line_in_the_docs()
    {
        string page = Repository.Read("docs/dependencies.md");
        foreach (string package in XDocument.Parse(Repository.Read("Directory.Packages.props"))
            .Descendants("PackageVersion").Select(p => p.Attribute("Include")!.Value))
        {
            Assert.Contains($"| {package} |", page, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Parse(Repository.Read(project)).Descendants(kind).Select(r => r.Attribute("Include")!.Value.Replace('\\', '/'));

    private static HashSet<string> Reachable(string room)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>(Allowed[room]);
        while (left.TryPop(out string? next))
        {
            if (reached.Add(next))
            {
                foreach (string further in Allowed[next])
                {
                    left.Push(further);
                }
            }
        }

        return reached;
    }
}

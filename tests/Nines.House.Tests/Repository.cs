namespace Nines.House.Tests;

/// <summary>The files of this repository, as a clean clone has them.</summary>
internal static class Repository
{
    private static readonly HashSet<string> Generated = new(StringComparer.Ordinal)
    {
        ".git", "artifacts", "bin", "obj", "node_modules", "nines-data", "TestResults", "BenchmarkDotNet.Artifacts", ".vs", ".idea",
    };

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with '/' between names, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk("").Order(StringComparer.Ordinal)];

    public static IEnumerable<string> Sources(string folder) =>
        Files.Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    private static IEnumerable<string> Walk(string directory)
    {
        var full = new DirectoryInfo(Path.Combine(Root, directory));
        foreach (FileSystemInfo entry in full.EnumerateFileSystemInfos())
        {
            string path = directory.Length == 0 ? entry.Name : $"{directory}/{entry.Name}";
            if (entry is DirectoryInfo)
            {
                if (!Generated.Contains(entry.Name))
                {
                    foreach (string below in Walk(path))
                    {
                        yield return below;
                    }
                }
            }
            else if (entry.Name != ".git")
            {
                yield return path;
            }
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Nines.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("these tests run inside the repository");
    }
}

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>The source tree these tests were built from.</summary>
internal static class Repository
{
    public static string PathOf(params string[] parts)
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Nines.slnx")))
        {
            directory = directory.Parent;
        }

        return Path.Combine([directory!.FullName, .. parts]);
    }
}

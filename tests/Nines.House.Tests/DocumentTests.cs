using System.Text.RegularExpressions;

namespace Nines.House.Tests;

/// <summary>What is written down stays true as far as a machine can tell.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] TextEndings =
    [
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".md", ".json", ".txt", ".yml", ".yaml", ".sh", ".js", ".editorconfig", ".gitignore", "/run",
    ];

    private static IEnumerable<string> Pages => Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal));

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        List<string> dead = [];
        foreach (string page in Pages)
        {
            foreach (Match link in Link().Matches(Repository.Read(page)))
            {
                string target = link.Groups["target"].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                {
                    continue;
                }

                string[] parts = target.Split('#', 2);
                string path = parts[0].Length == 0 ? page : Resolve(page, parts[0]);
                if (!Repository.Exists(path))
                {
                    dead.Add($"{page}: {target}");
                }
                else if (parts.Length == 2 && path.EndsWith(".md", StringComparison.Ordinal) && !Anchors(path).Contains(parts[1]))
                {
                    dead.Add($"{page}: {target} (no such heading)");
                }
            }
        }

        Assert.Empty(dead);
    }

    [Fact]
    public void Code_and_pages_a_page_names_exist()
    {
        List<string> missing = [];
        foreach (string page in Pages)
        {
            foreach (Match name in NamedFile().Matches(Repository.Read(page)))
            {
                string path = name.Groups["path"].Value;
                if (!Repository.Exists(path))
                {
                    missing.Add($"{page}: {path}");
                }
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void No_file_knows_the_machine_it_was_written_on()
    {
        // Put together, so that this file is not its own finding.
        string[] roots = ["/wor" + "k/", "/ho" + "me/", "/ro" + "ot/", "/Use" + "rs/", @"C:\" + "Users"];
        Assert.Empty(
            from path in Repository.Files
            where TextEndings.Any(e => path.EndsWith(e, StringComparison.Ordinal))
            from line in Repository.Lines(path)
            from root in roots
            where At(line, root)
            select $"{path}: {line.Trim()}");
    }

    [Fact]
    public void Every_configuration_key_is_documented()
    {
        string page = Repository.Read("docs/operations.md");
        string keys = Repository.Read("src/Nines.Node/Configuration/ConfigurationKeys.cs");
        MatchCollection names = Key().Matches(keys);
        Assert.True(names.Count > 15);
        Assert.All(names, name => Assert.Contains(
            $"| `{name.Groups["key"].Value}` | {Default(name.Groups["value"].Value)} |", page, StringComparison.Ordinal));
    }

    private static string Default(string value) => value.Length == 0 ? "" : $"`{value}`";

    private static bool At(string line, string root)
    {
        int at = line.IndexOf(root, StringComparison.Ordinal);
        return at >= 0 && (at == 0 || !(char.IsLetterOrDigit(line[at - 1]) || line[at - 1] is '.' or '}' or '/' or '-' or '_' or '*'));
    }

    private static string Resolve(string page, string target)
    {
        if (target.StartsWith('/'))
        {
            return target[1..];
        }

        List<string> parts = [.. page.Split('/')[..^1]];
        foreach (string part in target.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ""))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    /// <summary>Headings as code forges turn them into anchors: lower case, spaces to '-', punctuation gone.</summary>
    private static HashSet<string> Anchors(string page) =>
    [
        .. Repository.Lines(page).Where(l => l.StartsWith('#')).Select(l => string.Concat(
            l.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-')),
    ];

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>(?:src|tests|docs|eng|bench)/[\w./-]+\.(?:cs|md|txt|csproj|props|sh))`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamedFile();

    [GeneratedRegex(@"new\(\s*""(?<key>[a-z][A-Za-z.]*)"", ""(?<value>[^""]*)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Key();
}

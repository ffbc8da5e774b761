namespace Nines.Tables.Tests.Conformance;

/// <summary>One request and what is answered; see <see cref="ConformanceTests"/>.</summary>
/// <param name="Number">Of those under one name in one file, from 1.</param>
internal sealed record Case(string File, int Line, string Name, int Number, string Operation, string Request, string Expected)
{
    public static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Conformance", file);

    /// <summary>How a list of cases names it.</summary>
    public string Id => $"{File} | {Name} | {Number}";

    public static List<Case> ReadAll(string file)
    {
        var cases = new List<Case>();
        string name = "";
        string? request = null;
        int number = 0;
        foreach (string line in System.IO.File.ReadLines(PathOf(file)))
        {
            number++;
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                name = line[2..];
            }
            else if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                request = line[2..];
            }
            else if (line.StartsWith("< ", StringComparison.Ordinal) && request is not null)
            {
                int space = request.IndexOf(' ', StringComparison.Ordinal);
                string operation = space < 0 ? request : request[..space];
                string body = space < 0 ? "" : request[(space + 1)..];
                cases.Add(new Case(file, number, name, cases.Count(c => c.Name == name) + 1, operation, Expand(body), Expand(line[2..])));
                request = null;
            }
            else if (request is not null && line.Length > 0)
            {
                request += "\n" + line;
            }
        }

        return cases;
    }

    /// <summary>{{x*300}} stands for 300 times x.</summary>
    private static string Expand(string text)
    {
        int open;
        while ((open = text.IndexOf("{{", StringComparison.Ordinal)) >= 0 && text.IndexOf("}}", open, StringComparison.Ordinal) is var close and > 0
            && text[(open + 2)..close].Split('*') is [var what, var times] && int.TryParse(times, out int count))
        {
            text = text[..open] + string.Concat(Enumerable.Repeat(what, count)) + text[(close + 2)..];
        }

        return text;
    }
}

using System.Buffers;
using System.Text.Json;
using Spectre.Console;

namespace Nines.Node.Commands.Tables;

/// <summary>Shows items: as a table to a person, as a JSON object a line to everything else.</summary>
internal sealed class ItemPrinter : IDisposable
{
    /// <summary>More columns than this no terminal shows; what is left shares the last.</summary>
    private const int ColumnsMax = 7;

    private const int CellMax = 48;

    private readonly Terminal _terminal;
    private readonly bool _plain;
    private readonly IReadOnlyList<string> _first;
    private readonly Stream? _lines;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <param name="asLines">Also on a terminal.</param>
    /// <param name="plain">Lines without types.</param>
    /// <param name="first">Attributes whose columns come first: the key's.</param>
    public ItemPrinter(Terminal terminal, bool asLines, bool plain, IReadOnlyList<string> first)
    {
        _terminal = terminal;
        _plain = plain;
        _first = first;
        _lines = IsForPerson(terminal, asLines, plain) ? null : terminal.OpenOut();
    }

    public static bool IsForPerson(Terminal terminal, bool asLines, bool plain) => terminal.IsOutTerminal && !asLines && !plain;

    /// <exception cref="IOException">Nobody reads any more.</exception>
    public void Print(IReadOnlyList<JsonElement> items)
    {
        if (_lines is null)
        {
            if (items.Count > 0)
            {
                _terminal.Console.Write(Tabulate(items));
            }

            return;
        }

        _buffer.ResetWrittenCount();
        foreach (JsonElement item in items)
        {
            ItemJson.WriteLine(item, _plain, _buffer);
        }

        _lines.Write(_buffer.WrittenSpan);
    }

    /// <summary>One item, an attribute a row, with its type and the whole of its value.</summary>
    public void PrintOne(JsonElement item)
    {
        if (_lines is not null)
        {
            Print([item]);
            return;
        }

        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("attribute") { NoWrap = true }).AddColumn("type").AddColumn("value");
        foreach (JsonProperty attribute in item.EnumerateObject().OrderBy(a => Place(a.Name)).ThenBy(a => a.Name, StringComparer.Ordinal))
        {
            table.AddRow(
                Markup.Escape(attribute.Name), attribute.Value.EnumerateObject().First().Name, Markup.Escape(ItemJson.PlainText(attribute.Value)));
        }

        _terminal.Console.Write(table);
    }

    public void Dispose() => _lines?.Dispose();

    private int Place(string name) => _first.Contains(name) ? 0 : 1;

    private Table Tabulate(IReadOnlyList<JsonElement> items)
    {
        // What most items have is shown; ties go by name, so that pages of one answer look alike.
        List<string> names =
        [
            .. items.SelectMany(i => i.EnumerateObject().Select(a => a.Name)).CountBy(n => n)
                .OrderBy(n => Place(n.Key)).ThenByDescending(n => n.Value).ThenBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Key),
        ];
        bool hasRest = names.Count > ColumnsMax;
        List<string> shown = names[..Math.Min(names.Count, hasRest ? ColumnsMax - 1 : ColumnsMax)];
        Table table = Output.NewTable([.. shown.Select(Markup.Escape)]);
        if (hasRest)
        {
            table.AddColumn(new TableColumn("[grey]and more[/]") { NoWrap = true });
        }

        foreach (JsonElement item in items)
        {
            IEnumerable<string> cells = shown.Select(n => item.TryGetProperty(n, out JsonElement value) ? Cell(ItemJson.PlainText(value)) : "");
            IEnumerable<string> rest = hasRest ? [Cell(string.Join(", ", item.EnumerateObject().Select(a => a.Name).Except(shown)))] : [];
            table.AddRow([.. cells.Concat(rest).Select(c => new Text(c))]);
        }

        return table;
    }

    private static string Cell(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= CellMax ? line : line[..(CellMax - 1)] + "…";
    }
}

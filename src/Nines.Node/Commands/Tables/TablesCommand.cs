using System.CommandLine;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables</c>: tables and items, for people and scripts.</summary>
internal static class TablesCommand
{
    private const string Description = """
        Looks at tables and works on their items, over DynamoDB's protocol. To a person items are shown as tables; into a pipe, or with
        --json, they are lines of DynamoDB JSON, which put and import take again.

        Examples:
          nines tables list
          nines tables put people '{"id":"a","name":"Ada"}'
          nines tables get people id=a --strong
          nines tables query orders customer=7 --sort 'begins_with 2026-'
          nines tables export people --out people.jsonl
          nines tables describe people --endpoint http://10.0.0.2:8000

        Without --endpoint the nodes of this machine are tried in order (ports 8000, 18000, ...).
        Exit codes: 0 done, 1 refused, not there, not all of it or no answer, 2 wrong usage, 130 interrupted.
        """;

    public static Command Build(Terminal terminal) => new("tables", Description)
    {
        ListCommand.Build(terminal),
        DescribeCommand.Build(terminal),
        ItemCommands.BuildGet(terminal),
        ItemCommands.BuildPut(terminal),
        ItemCommands.BuildDelete(terminal),
        ReadCommands.BuildQuery(terminal),
        ReadCommands.BuildScan(terminal),
        ExportCommand.Build(terminal),
        ImportCommand.Build(terminal),
    };
}

using System.Text.Json;
using Nines.Http;
using Nines.Tables.Engines.External;

namespace Nines.Tables.Tests.Support;

/// <summary>The whole door in front of another service.</summary>
public sealed class ExternalDoor : DoorClient
{
    private readonly ExternalEngine _engine;

    private ExternalDoor(HttpServer server, ExternalEngine engine)
        : base(server) => _engine = engine;

    public static async Task<ExternalDoor> StartAsync(ExternalOptions external, TablesDoorOptions? options = null)
    {
        var engine = new ExternalEngine(external);
        return new ExternalDoor(await ListenAsync(new TablesDoor(engine, (options ?? new TablesDoorOptions()) with { Node = "n1" })), engine);
    }

    /// <summary>Asks again and again: the service has no other way to say that a table is ready.</summary>
    public override async Task SettleAsync()
    {
        foreach (JsonElement name in JsonDocument.Parse((await SendAsync("ListTables", "{}")).Body).RootElement.GetProperty("TableNames").EnumerateArray())
        {
            DoorAnswer table;
            do
            {
                table = await SendAsync("DescribeTable", $$"""{"TableName":{{name.GetRawText()}}}""");
            }
            while (table.Status == 200 && !table.Body.Contains("\"TableStatus\":\"ACTIVE\"", StringComparison.Ordinal));
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _engine.Dispose();
    }
}

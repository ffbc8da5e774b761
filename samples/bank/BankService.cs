using Nines.Client;

namespace Nines.Samples.Bank;

/// <summary>The bank as a service: a page, transfers, and accounts as any node sees them.</summary>
public static class BankService
{
    private const string Address = "http://127.0.0.1:5080";
    private const int DefaultLines = 20;
    private const int MaxLines = 1000;

    /// <summary>Builds it and opens the accounts. Fails when no node of the cluster answers.</summary>
    /// <param name="arguments">Those of ASP.NET Core, and <c>--nodes</c>: addresses of tables doors with commas between them.</param>
    public static async Task<WebApplication> CreateAsync(string[] arguments)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(arguments);
        if (builder.Configuration["urls"] is null)
        {
            builder.WebHost.UseUrls(Address);
        }

        builder.Services.AddSingleton<Doors>();
        WebApplication app = builder.Build();
        Doors doors = app.Services.GetRequiredService<Doors>();
        await new Ledger(doors.At(1)!).OpenAsync(CancellationToken.None);

        Doors.UseSorryPage(app);
        app.MapGet("/", () => TypedResults.Stream(typeof(BankService).Assembly.GetManifestResourceStream("page.html")!, "text/html; charset=utf-8"));
        app.MapGet("/nodes", () => doors.Count);
        app.MapPost("/transfers", TransferAsync);
        app.MapGet("/accounts/{name}", AccountAsync);
        app.MapGet("/balances", BalancesAsync);
        return app;
    }

    private static async Task<IResult> TransferAsync(HttpContext context, Doors doors, Transfer transfer, int node = 1)
    {
        if ((doors.At(node) is null ? NoSuchNode(doors) : transfer.Fault()) is { } fault)
        {
            return TypedResults.BadRequest(new Problem(fault));
        }

        TablesSession session = Doors.SessionOf(context);
        using (session.Enter())
        {
            Receipt receipt = await new Ledger(doors.At(node)!).TransferAsync(transfer, context.RequestAborted);
            Doors.Keep(context, session);
            return TypedResults.Ok(new { receipt.Done, receipt.Balance, receipt.Entry, Seen = Seen.Of(session) });
        }
    }

    private static async Task<IResult> AccountAsync(
        HttpContext context, Doors doors, string name, int node = 1, ReadConsistency level = ReadConsistency.Sequential, int lines = DefaultLines, long before = Ledger.BeyondAll)
    {
        string? fault = doors.At(node) is null ? NoSuchNode(doors)
            : !Ledger.Accounts.Contains(name) ? $"The accounts are {string.Join(", ", Ledger.Accounts)}."
            : lines is < 1 or > MaxLines ? $"A journal is read 1 to {MaxLines} lines at a time."
            : before is < 1 or > Ledger.BeyondAll ? "Lines of a journal are numbered from 1."
            : null;
        if (fault is not null)
        {
            return TypedResults.BadRequest(new Problem(fault));
        }

        TablesSession session = Doors.SessionOf(context);
        using (session.Enter(level))
        {
            Account account = await new Ledger(doors.At(node)!).ReadAsync(name, lines, before, context.RequestAborted);
            Doors.Keep(context, session);
            return TypedResults.Ok(new { account.Name, account.Balance, account.Entries, account.Journal, Seen = Seen.Of(session) });
        }
    }

    private static async Task<IResult> BalancesAsync(HttpContext context, Doors doors, int node = 1) => doors.At(node) is { } door
        ? TypedResults.Ok(await new Ledger(door).BalancesAsync(context.RequestAborted))
        : TypedResults.BadRequest(new Problem(NoSuchNode(doors)));

    private static string NoSuchNode(Doors doors) => $"The nodes are 1 to {doors.Count}.";
}

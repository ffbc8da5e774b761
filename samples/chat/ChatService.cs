using Nines.Client;

namespace Nines.Samples.Chat;

/// <summary>What somebody posts.</summary>
public sealed record Post(string Author, string Text)
{
    public const int MaxAuthorChars = 40;
    public const int MaxTextChars = 2000;

    /// <summary>Why it cannot be posted; null: it can.</summary>
    internal string? Fault() =>
        string.IsNullOrWhiteSpace(Author) || Author.Length > MaxAuthorChars ? $"An author has 1 to {MaxAuthorChars} characters."
        : string.IsNullOrWhiteSpace(Text) || Text.Length > MaxTextChars ? $"A message has 1 to {MaxTextChars} characters."
        : null;
}

/// <summary>The chat as a service: a page, posts, and rooms as any node sees them.</summary>
public static class ChatService
{
    private const string Address = "http://127.0.0.1:5090";
    private const int MaxRoomChars = 80;

    /// <summary>A reader without news is answered after so long at most.</summary>
    private const int MaxWaitSeconds = 30;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(150);

    /// <summary>Builds it and makes its table. Fails when no node of the cluster answers.</summary>
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
        await Room.MakeTableAsync(doors.At(1)!, CancellationToken.None);

        Doors.UseSorryPage(app);
        app.MapGet("/", () => TypedResults.Stream(typeof(ChatService).Assembly.GetManifestResourceStream("page.html")!, "text/html; charset=utf-8"));
        app.MapGet("/nodes", () => doors.Count);
        app.MapPost("/rooms/{room}", PostAsync);
        app.MapGet("/rooms/{room}", ReadAsync);
        return app;
    }

    private static async Task<IResult> PostAsync(HttpContext context, Doors doors, string room, Post post, int node = 1)
    {
        if ((Fault(doors, room, node) ?? post.Fault()) is { } fault)
        {
            return TypedResults.BadRequest(new Problem(fault));
        }

        TablesSession session = Doors.SessionOf(context);
        using (session.Enter())
        {
            Message message = await new Room(doors.At(node)!, room).PostAsync(post.Author, post.Text, context.RequestAborted);
            Doors.Keep(context, session);
            return TypedResults.Ok(new { Message = message, Seen = Seen.Of(session) });
        }
    }

    /// <summary>Messages behind a number. Without any it waits for news, when asked to: a long poll.</summary>
    private static async Task<IResult> ReadAsync(
        HttpContext context, Doors doors, string room, int node = 1, ReadConsistency level = ReadConsistency.Strong, long after = 0, int wait = 0)
    {
        string? fault = Fault(doors, room, node)
            ?? (after < 0 ? "Messages are numbered from 1." : wait is < 0 or > MaxWaitSeconds ? $"A reader waits 0 to {MaxWaitSeconds} s." : null);
        if (fault is not null)
        {
            return TypedResults.BadRequest(new Problem(fault));
        }

        var from = new Room(doors.At(node)!, room);
        TablesSession session = Doors.SessionOf(context);
        long until = Environment.TickCount64 + (wait * 1000L);
        using (session.Enter(level))
        {
            IReadOnlyList<Message> messages = await from.AfterAsync(after, context.RequestAborted);
            while (messages.Count == 0 && Environment.TickCount64 < until)
            {
                await Task.Delay(Look, context.RequestAborted);
                messages = await from.AfterAsync(after, context.RequestAborted);
            }

            Doors.Keep(context, session);
            return TypedResults.Ok(new { Messages = messages, Seen = Seen.Of(session) });
        }
    }

    private static string? Fault(Doors doors, string room, int node) =>
        doors.At(node) is null ? $"The nodes are 1 to {doors.Count}."
        : room.Length > MaxRoomChars ? $"A room's name has up to {MaxRoomChars} characters."
        : null;
}

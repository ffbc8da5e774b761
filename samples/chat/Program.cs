using Nines.Samples.Chat;

await using WebApplication app = await ChatService.CreateAsync(args);
await app.RunAsync();

using Nines.Samples.Bank;

await using WebApplication app = await BankService.CreateAsync(args);
await app.RunAsync();

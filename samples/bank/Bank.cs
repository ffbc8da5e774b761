namespace Nines.Samples.Bank;

/// <summary>Money that goes from one account to another.</summary>
/// <param name="Request">Chosen by who asks, up to <see cref="MaxRequestChars"/> characters; sent again it is the same transfer, which is done once.</param>
/// <param name="From">The account that pays.</param>
/// <param name="To">The account that is paid.</param>
/// <param name="Amount">Whole units of money, at least 1.</param>
public sealed record Transfer(string Request, string From, string To, long Amount)
{
    public const int MaxRequestChars = 64;

    /// <summary>Why it cannot even be tried; null: it can.</summary>
    internal string? Fault() =>
        string.IsNullOrEmpty(Request) || Request.Length > MaxRequestChars ? $"A request has a name of 1 to {MaxRequestChars} characters."
        : !Ledger.Accounts.Contains(From) || !Ledger.Accounts.Contains(To) ? $"The accounts are {string.Join(", ", Ledger.Accounts)}."
        : From == To ? "Money goes from one account to another."
        : Amount is < 1 or > Ledger.AllMoney ? $"An amount is 1 to {Ledger.AllMoney}."
        : null;
}

/// <summary>What became of a transfer.</summary>
/// <param name="Done">False: the account has too little, and nothing was changed.</param>
/// <param name="Balance">Of the account the money left: after the transfer, or that was too little.</param>
/// <param name="Entry">The transfer's number in the journal of the account the money left; when refused, the last one there.</param>
public sealed record Receipt(bool Done, long Balance, long Entry);

/// <summary>A line in the journal of an account.</summary>
/// <param name="Number">1, 2, 3, ... in the order in which the account was changed.</param>
/// <param name="Change">What came in; negative: what went out.</param>
/// <param name="Balance">The balance after it.</param>
/// <param name="Other">The account at the other end.</param>
/// <param name="Request">The transfer's name.</param>
public sealed record Entry(long Number, long Change, long Balance, string Other, string Request);

/// <summary>An account as some node saw it.</summary>
/// <param name="Name">One of <see cref="Ledger.Accounts"/>.</param>
/// <param name="Balance">Whole units of money.</param>
/// <param name="Entries">The number of changes so far.</param>
/// <param name="Journal">The last lines, the latest first.</param>
public sealed record Account(string Name, long Balance, long Entries, IReadOnlyList<Entry> Journal);

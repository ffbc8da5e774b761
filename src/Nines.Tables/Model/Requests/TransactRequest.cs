namespace Nines.Tables.Model.Requests;

/// <summary>TransactWriteItems: puts, updates, deletes and checks of up to 100 items, all or none of which are done.</summary>
/// <param name="Operations">In the order of the request.</param>
/// <param name="Token">The client's token; null when it gave none.</param>
/// <param name="Capacity">Whether the answer says what capacity was consumed.</param>
public sealed record TransactWriteRequest(IReadOnlyList<ItemRequest> Operations, string? Token, CapacityReturn Capacity);

/// <summary>TransactGetItems: up to 100 items as they were at one moment.</summary>
/// <param name="Gets">In the order of the request.</param>
/// <param name="Capacity">Whether the answer says what capacity was consumed.</param>
public sealed record TransactGetRequest(IReadOnlyList<ItemRequest> Gets, CapacityReturn Capacity);

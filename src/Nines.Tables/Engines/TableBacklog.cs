namespace Nines.Tables.Engines;

/// <summary>What the groups that a node leads have still to see to.</summary>
/// <param name="IndexChanges">Changes of items that wait to be taken into global indexes.</param>
/// <param name="IndexLagMs">
/// How far global indexes lag behind these groups' items, in milliseconds: the age of the oldest change that waits, or, when none does, how old the oldest of those
/// sent within the last ten seconds was when it had been taken in. By the groups' agreed time and this node's clock.
/// </param>
/// <param name="ExpiredItems">
/// Items that were due and not yet deleted when last looked at, once a second; of a group at most <see cref="ExpiryDuty.BacklogMax"/> are counted.
/// </param>
public readonly record struct TableBacklog(long IndexChanges, long IndexLagMs, long ExpiredItems);

namespace Nines.Tables.Model.Catalogue;

/// <summary>What DescribeLimits tells, and CreateTable and UpdateTable hold a table to: what an account of DynamoDB begins with.</summary>
public static class CapacityLimits
{
    /// <summary>Capacity units of all tables together, of reads and of writes each. Told, not enforced.</summary>
    public const long AccountUnitsMax = 80_000;

    /// <summary>Capacity units of one table, of reads and of writes each.</summary>
    public const long TableUnitsMax = 40_000;
}

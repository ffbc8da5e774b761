using Nines.Fuzz.Targets;

namespace Nines.Fuzz;

/// <summary>A target by its name, made anew for each thread.</summary>
public sealed record TargetEntry(string Name, Func<FuzzTarget> Make);

/// <summary>Every decoder of the product. A new one is a new line in its room's file.</summary>
public static class TargetCatalogue
{
    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        .. ConsensusTargets.All, .. LogTargets.All, .. StoreTargets.All, .. ReplicationTargets.All, .. ReactorTargets.All,
        .. NodeTargets.All, .. HttpTargets.All, .. TablesValueTargets.All, .. SignatureTargets.All, .. TablesRequestTargets.All, .. TablesMachineTargets.All,
    ];
}

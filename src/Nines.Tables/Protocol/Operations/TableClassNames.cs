using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol.Operations;

/// <summary>The values of TableClass.</summary>
internal static class TableClassNames
{
    private const string Standard = "STANDARD";
    private const string InfrequentAccess = "STANDARD_INFREQUENT_ACCESS";

    /// <summary>What is wrong with a class, or null. It has words of its own, unlike other members of a set of values.</summary>
    public static string? Check(string? text) => text is null or Standard or InfrequentAccess
        ? null
        : $"Invalid table-class parameter provided. Please try again with a valid table-class value: [{Standard}, {InfrequentAccess}].";

    /// <summary>The class of a checked text.</summary>
    public static TableClass Of(string? text) => text switch
    {
        Standard => TableClass.Standard,
        InfrequentAccess => TableClass.InfrequentAccess,
        _ => TableClass.Unset,
    };
}

namespace Nines.Tables.Model.Requests;

/// <summary>The compiled expressions of a request.</summary>
public sealed record ItemExpressions
{
    /// <summary>None of them.</summary>
    public static readonly ItemExpressions None = new();
}

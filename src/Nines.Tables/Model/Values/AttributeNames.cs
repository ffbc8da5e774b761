using System.Text;

namespace Nines.Tables.Model.Values;

/// <summary>What an attribute may be called.</summary>
internal static class AttributeNames
{
    /// <summary>What is wrong with a name, in DynamoDB's words; null when nothing is.</summary>
    public static string? Check(string name) =>
        name.Length == 0 ? "Empty attribute name"
        : name.Length > TableLimits.NameBytesMax / 3 && Encoding.UTF8.GetByteCount(name) > TableLimits.NameBytesMax
            ? "Attribute name is too large, must be less than 65536 bytes"
        : null;
}

using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>One element of AttributeDefinitions, as sent.</summary>
internal readonly record struct AttributeDefinition(string? Name, string? Type)
{
    /// <summary>The type, once the constraints hold.</summary>
    public AttributeType KeyType => Type switch
    {
        "S" => AttributeType.String,
        "N" => AttributeType.Number,
        _ => AttributeType.Binary,
    };
}

/// <summary>One element of a KeySchema, as sent.</summary>
internal readonly record struct KeySchemaElement(string? Name, string? KeyType);

/// <summary>The members AttributeDefinitions and KeySchema, of a table or of an index, and what is checked of them.</summary>
internal static class KeySchemaPart
{
    private const int KeyNameCharactersMax = 255;
    private const string Invalid = "One or more parameter values were invalid: ";

    public static List<AttributeDefinition>? ReadAttributes(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var attributes = new List<AttributeDefinition>();
        while (json.NextElement())
        {
            (string? name, string? type) = ReadPair(ref json, "AttributeDefinition", "AttributeType"u8);
            attributes.Add(new AttributeDefinition(name, type));
        }

        return attributes;
    }

    public static List<KeySchemaElement>? ReadKeys(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var keys = new List<KeySchemaElement>();
        while (json.NextElement())
        {
            (string? name, string? type) = ReadPair(ref json, "KeySchemaElement", "KeyType"u8);
            keys.Add(new KeySchemaElement(name, type));
        }

        return keys;
    }

    public static void ConstrainAttributes(ref Constraints constraints, List<AttributeDefinition>? attributes)
    {
        for (int i = 0; i < attributes?.Count; i++)
        {
            string at = $"attributeDefinitions.{i + 1}.member.";
            ConstrainName(ref constraints, attributes[i].Name, at + "attributeName");
            constraints.NotNull(attributes[i].Type is not null, at + "attributeType");
            constraints.OneOf(attributes[i].Type, at + "attributeType", "B, N, S");
        }
    }

    public static void ConstrainKeys(ref Constraints constraints, List<KeySchemaElement>? keys, string at)
    {
        constraints.NotNull(keys is not null, at);
        constraints.LengthAtLeast(keys?.Count, 1, at, () => "[]");
        constraints.LengthAtMost(keys?.Count, 2, at, () => Quote(keys!));
        for (int i = 0; i < keys?.Count; i++)
        {
            string member = $"{at}.{i + 1}.member.";
            ConstrainName(ref constraints, keys[i].Name, member + "attributeName");
            constraints.NotNull(keys[i].KeyType is not null, member + "keyType");
            constraints.OneOf(keys[i].KeyType, member + "keyType", "HASH, RANGE");
        }
    }

    /// <summary>That the attributes of a key are defined.</summary>
    public static string? CheckDefined(List<KeySchemaElement> keys, List<AttributeDefinition> attributes) =>
        keys.TrueForAll(key => attributes.Exists(a => a.Name == key.Name))
            ? null
            : Invalid + "Some index key attributes are not defined in AttributeDefinitions. "
                + $"Keys: [{string.Join(", ", keys.Select(static k => k.Name))}], "
                + $"AttributeDefinitions: [{string.Join(", ", attributes.Select(static a => a.Name))}]";

    /// <summary>That a key is a partition key, and a sort key of another name behind it if there are two.</summary>
    public static string? CheckOrder(List<KeySchemaElement> keys) =>
        keys.Count == 2 && keys[0].Name == keys[1].Name ? "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        : keys[0].KeyType != "HASH" ? "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        : keys.Count == 2 && keys[1].KeyType != "RANGE" ? "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        : null;

    /// <summary>A key attribute with its defined type.</summary>
    public static KeyAttribute Key(KeySchemaElement key, List<AttributeDefinition> attributes) =>
        new(key.Name!, attributes.Find(a => a.Name == key.Name).KeyType);

    private static void ConstrainName(ref Constraints constraints, string? name, string at)
    {
        constraints.NotNull(name is not null, at);
        constraints.LengthAtLeast(name?.Length, 1, at, () => name!);
        constraints.LengthAtMost(name?.Length, KeyNameCharactersMax, at, () => name!);
    }

    private static string Quote(List<KeySchemaElement> keys) =>
        "[" + string.Join(", ", keys.Select(k => $"KeySchemaElement(attributeName={k.Name}, keyType={k.KeyType})")) + "]";

    private static (string? Name, string? Type) ReadPair(ref JsonInput json, string structure, ReadOnlySpan<byte> typeMember)
    {
        string? name = null;
        string? type = null;
        if (json.IsElement(structure))
        {
            while (json.NextMember())
            {
                if (json.Is("AttributeName"u8))
                {
                    name = json.String();
                }
                else if (json.Is(typeMember))
                {
                    type = json.String();
                }
                else
                {
                    json.Skip();
                }
            }
        }

        return (name, type);
    }
}

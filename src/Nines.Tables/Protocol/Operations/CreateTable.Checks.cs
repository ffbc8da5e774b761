using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>What is checked of CreateTable, in DynamoDB's order, and the description that is left.</summary>
internal sealed partial class CreateTable
{
    private const int KeyNameCharactersMax = 255;
    private const string Invalid = "One or more parameter values were invalid: ";

    private string? Check()
    {
        var constraints = default(Constraints);
        CheckAttributes(ref constraints);
        constraints.Pattern(_tableName, "tableName");
        constraints.OneOf(_billingMode, "billingMode", "PROVISIONED, PAY_PER_REQUEST");
        _throughput.Constrain(ref constraints);
        CheckKeySchema(ref constraints);
        return constraints.Message ?? TableClassNames.Check(_tableClass) ?? CheckBilling() ?? CheckKeys() ?? CheckSupported()
            ?? (_tags is null ? null : TagList.Check(_tags));
    }

    private void CheckAttributes(ref Constraints constraints)
    {
        constraints.NotNull(_attributes is not null, "attributeDefinitions");
        for (int i = 0; i < _attributes?.Count; i++)
        {
            string at = $"attributeDefinitions.{i + 1}.member.";
            CheckName(ref constraints, _attributes[i].Name, at + "attributeName");
            constraints.NotNull(_attributes[i].Type is not null, at + "attributeType");
            constraints.OneOf(_attributes[i].Type, at + "attributeType", "B, N, S");
        }
    }

    private void CheckKeySchema(ref Constraints constraints)
    {
        constraints.NotNull(_keys is not null, "keySchema");
        constraints.LengthAtLeast(_keys?.Count, 1, "keySchema", () => "[]");
        constraints.LengthAtMost(_keys?.Count, 2, "keySchema", QuoteKeys);
        for (int i = 0; i < _keys?.Count; i++)
        {
            string at = $"keySchema.{i + 1}.member.";
            CheckName(ref constraints, _keys[i].Name, at + "attributeName");
            constraints.NotNull(_keys[i].KeyType is not null, at + "keyType");
            constraints.OneOf(_keys[i].KeyType, at + "keyType", "HASH, RANGE");
        }
    }

    private static void CheckName(ref Constraints constraints, string? name, string at)
    {
        constraints.NotNull(name is not null, at);
        constraints.LengthAtLeast(name?.Length, 1, at, () => name!);
        constraints.LengthAtMost(name?.Length, KeyNameCharactersMax, at, () => name!);
    }

    private string QuoteKeys() =>
        "[" + string.Join(", ", _keys!.Select(k => $"KeySchemaElement(attributeName={k.Name}, keyType={k.KeyType})")) + "]";

    private string? CheckBilling()
    {
        if (_billingMode == "PAY_PER_REQUEST")
        {
            return _throughput.IsSent
                ? Invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
                : null;
        }

        return _throughput.IsSent
            ? _throughput.CheckBounds()
            : Invalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED";
    }

    private string? CheckKeys()
    {
        List<string> defined = _attributes!.ConvertAll(a => a.Name!);
        List<string> keys = _keys!.ConvertAll(k => k.Name!);
        if (keys.Count > defined.Count)
        {
            return "Invalid KeySchema: Some index key attribute have no definition";
        }

        if (keys.Exists(key => !defined.Contains(key)))
        {
            return Invalid + "Some index key attributes are not defined in AttributeDefinitions. "
                + $"Keys: [{string.Join(", ", keys)}], AttributeDefinitions: [{string.Join(", ", defined)}]";
        }

        if (keys.Count == 2 && keys[0] == keys[1])
        {
            return "Both the Hash Key and the Range Key element in the KeySchema have the same name";
        }

        if (_keys[0].KeyType != "HASH")
        {
            return "Invalid KeySchema: The first KeySchemaElement is not a HASH key type";
        }

        if (keys.Count == 2 && _keys[1].KeyType != "RANGE")
        {
            return "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type";
        }

        bool indexed = _localIndexes > 0 || _globalIndexes > 0;
        return !indexed && keys.Count != defined.Count
            ? Invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
            : null;
    }

    private string? CheckSupported() =>
        _localIndexes == 0 ? Invalid + "List of LocalSecondaryIndexes is empty"
        : _globalIndexes == 0 ? Invalid + "List of GlobalSecondaryIndexes is empty"
        : NotYet(_localIndexes > 0 ? "LocalSecondaryIndexes" : _globalIndexes > 0 ? "GlobalSecondaryIndexes" : _notSupported);

    private static string? NotYet(string? member) =>
        member is null ? null : Invalid + member + " is not yet supported by this server";

    private TableDescription Description()
    {
        KeyAttribute? range = _keys!.Count == 2 ? Key(_keys[1].Name!) : null;
        return new TableDescription
        {
            Name = _tableName!,
            Hash = Key(_keys[0].Name!),
            Range = range,
            RangeDefinedFirst = range is not null && _attributes![0].Name == range.Value.Name,
            Billing = _billingMode == "PAY_PER_REQUEST" ? BillingMode.PayPerRequest : BillingMode.Provisioned,
            ReadCapacityUnits = _throughput.Read ?? 0,
            WriteCapacityUnits = _throughput.Write ?? 0,
            DeletionProtection = _deletionProtection,
            Tags = _tags is null ? TableTags.None : TagList.ToTags(_tags),
            Class = TableClassNames.Of(_tableClass),
        };
    }

    private KeyAttribute Key(string name) => new(name, _attributes!.First(a => a.Name == name).Type switch
    {
        "S" => AttributeType.String,
        "N" => AttributeType.Number,
        _ => AttributeType.Binary,
    });
}

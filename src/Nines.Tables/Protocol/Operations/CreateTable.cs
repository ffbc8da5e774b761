using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>CreateTable: the request as parsed, its constraints, and the description it asks for.</summary>
internal sealed class CreateTable
{
    private const long MaxCapacityUnits = 1_000_000_000_000;
    private const string Invalid = "One or more parameter values were invalid: ";

    private List<AttributeDefinition>? _attributes;
    private List<KeySchemaElement>? _keys;
    private string? _tableName;
    private string? _billingMode;
    private string? _tableClass;
    private bool _hasThroughput;
    private long? _readUnits;
    private long? _writeUnits;
    private bool _deletionProtection;
    private int? _localIndexes;
    private int? _globalIndexes;
    private string? _notSupported;

    private readonly record struct AttributeDefinition(string? Name, string? Type);

    private readonly record struct KeySchemaElement(string? Name, string? KeyType);

    /// <summary>Reads the request and validates it in DynamoDB's order.</summary>
    public static ParsedRequest<TableDescription> Parse(ref JsonInput json)
    {
        var request = new CreateTable();
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = TableNames.Required(request._tableName) ?? request.Check();
        return message is null ? new(request.Description()) : new(TableError.Validation(message));
    }

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                _tableName = json.String();
            }
            else if (json.Is("AttributeDefinitions"u8))
            {
                _attributes = ReadAttributes(ref json);
            }
            else if (json.Is("KeySchema"u8))
            {
                _keys = ReadKeySchema(ref json);
            }
            else if (json.Is("BillingMode"u8))
            {
                _billingMode = json.String();
            }
            else if (json.Is("ProvisionedThroughput"u8))
            {
                ReadThroughput(ref json);
            }
            else if (json.Is("TableClass"u8))
            {
                _tableClass = json.String();
            }
            else if (json.Is("DeletionProtectionEnabled"u8))
            {
                _deletionProtection = json.Boolean() ?? false;
            }
            else
            {
                ReadUnsupported(ref json);
            }
        }
    }

    private void ReadUnsupported(ref JsonInput json)
    {
        if (json.Is("LocalSecondaryIndexes"u8))
        {
            _localIndexes = CountList(ref json) ?? _localIndexes;
        }
        else if (json.Is("GlobalSecondaryIndexes"u8))
        {
            _globalIndexes = CountList(ref json) ?? _globalIndexes;
        }
        else if (json.Is("StreamSpecification"u8))
        {
            RefuseWhenTrue(ref json, "StreamSpecification", "StreamEnabled"u8);
        }
        else if (json.Is("SSESpecification"u8))
        {
            RefuseWhenTrue(ref json, "SSESpecification", "Enabled"u8);
        }
        else if (json.Is("Tags"u8))
        {
            _notSupported ??= CountList(ref json) > 0 ? "Tags" : null;
        }
        else if (json.Is("ResourcePolicy"u8) || json.Is("OnDemandThroughput"u8) || json.Is("WarmThroughput"u8))
        {
            string name = json.Text();
            _notSupported ??= json.Value() ? name : null;
            json.Skip();
        }
        else
        {
            json.Skip();
        }
    }

    private void RefuseWhenTrue(ref JsonInput json, string name, ReadOnlySpan<byte> member)
    {
        if (!json.Value() || !json.IsField(name))
        {
            return;
        }

        while (json.NextMember())
        {
            if (!json.Is(member))
            {
                json.Skip();
            }
            else if (json.Boolean() == true)
            {
                _notSupported ??= name;
            }
        }
    }

    private static int? CountList(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        int count = 0;
        while (json.NextElement())
        {
            json.Skip();
            count++;
        }

        return count;
    }

    private static List<AttributeDefinition>? ReadAttributes(ref JsonInput json)
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

    private static List<KeySchemaElement>? ReadKeySchema(ref JsonInput json)
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

    private void ReadThroughput(ref JsonInput json)
    {
        if (!json.Value() || !json.IsField("ProvisionedThroughput"))
        {
            return;
        }

        _hasThroughput = true;
        while (json.NextMember())
        {
            if (json.Is("ReadCapacityUnits"u8))
            {
                _readUnits = json.Integer("Long");
            }
            else if (json.Is("WriteCapacityUnits"u8))
            {
                _writeUnits = json.Integer("Long");
            }
            else
            {
                json.Skip();
            }
        }
    }

    private string? Check()
    {
        var constraints = default(Constraints);
        CheckAttributes(ref constraints);
        constraints.Pattern(_tableName, "tableName");
        constraints.OneOf(_billingMode, "billingMode", "PROVISIONED, PAY_PER_REQUEST");
        if (_hasThroughput)
        {
            constraints.NotNull(_writeUnits is not null, "provisionedThroughput.writeCapacityUnits");
            constraints.AtLeast(_writeUnits, 1, "provisionedThroughput.writeCapacityUnits");
            constraints.NotNull(_readUnits is not null, "provisionedThroughput.readCapacityUnits");
            constraints.AtLeast(_readUnits, 1, "provisionedThroughput.readCapacityUnits");
        }

        CheckKeySchema(ref constraints);
        constraints.OneOf(_tableClass, "tableClass", "STANDARD, STANDARD_INFREQUENT_ACCESS");
        return constraints.Message ?? CheckBilling() ?? CheckKeys() ?? CheckSupported();
    }

    private void CheckAttributes(ref Constraints constraints)
    {
        constraints.NotNull(_attributes is not null, "attributeDefinitions");
        for (int i = 0; i < _attributes?.Count; i++)
        {
            string at = $"attributeDefinitions.{i + 1}.member.";
            constraints.NotNull(_attributes[i].Name is not null, at + "attributeName");
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
            constraints.NotNull(_keys[i].Name is not null, at + "attributeName");
            constraints.NotNull(_keys[i].KeyType is not null, at + "keyType");
            constraints.OneOf(_keys[i].KeyType, at + "keyType", "HASH, RANGE");
        }
    }

    private string QuoteKeys() =>
        "[" + string.Join(", ", _keys!.Select(k => $"KeySchemaElement(attributeName={k.Name}, keyType={k.KeyType})")) + "]";

    private string? CheckBilling()
    {
        if (_billingMode == "PAY_PER_REQUEST")
        {
            return _hasThroughput
                ? Invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
                : null;
        }

        if (!_hasThroughput)
        {
            return Invalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED";
        }

        return _readUnits > MaxCapacityUnits ? $"Given value {_readUnits} for ReadCapacityUnits is out of bounds"
            : _writeUnits > MaxCapacityUnits ? $"Given value {_writeUnits} for WriteCapacityUnits is out of bounds"
            : null;
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
            ReadCapacityUnits = _readUnits ?? 0,
            WriteCapacityUnits = _writeUnits ?? 0,
            DeletionProtection = _deletionProtection,
            Class = _tableClass switch
            {
                "STANDARD" => TableClass.Standard,
                "STANDARD_INFREQUENT_ACCESS" => TableClass.InfrequentAccess,
                _ => TableClass.Unset,
            },
        };
    }

    private KeyAttribute Key(string name) => new(name, _attributes!.First(a => a.Name == name).Type switch
    {
        "S" => AttributeType.String,
        "N" => AttributeType.Number,
        _ => AttributeType.Binary,
    });
}

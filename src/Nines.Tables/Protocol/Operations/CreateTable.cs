using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>CreateTable: the request as parsed, its constraints, and the description it asks for.</summary>
internal sealed partial class CreateTable
{
    private List<AttributeDefinition>? _attributes;
    private List<KeySchemaElement>? _keys;
    private string? _tableName;
    private string? _billingMode;
    private string? _tableClass;
    private ThroughputPart _throughput;
    private StreamPart _stream;
    private bool _deletionProtection;
    private List<IndexPart>? _localIndexes;
    private List<IndexPart>? _globalIndexes;
    private List<TagList.SentTag>? _tags;
    private string? _notSupported;

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
        TableError? error = message is null ? request.CheckLimits(json.Scope) : TableError.Validation(message);
        return error is null ? new(request.Description()) : new(error);
    }

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                _tableName = json.Table().Name;
            }
            else if (json.Is("AttributeDefinitions"u8))
            {
                _attributes = KeySchemaPart.ReadAttributes(ref json);
            }
            else if (json.Is("KeySchema"u8))
            {
                _keys = KeySchemaPart.ReadKeys(ref json);
            }
            else if (json.Is("BillingMode"u8))
            {
                _billingMode = json.String();
            }
            else if (json.Is("ProvisionedThroughput"u8))
            {
                _throughput.ReadFrom(ref json);
            }
            else if (json.Is("TableClass"u8))
            {
                _tableClass = json.String();
            }
            else if (json.Is("DeletionProtectionEnabled"u8))
            {
                _deletionProtection = json.Boolean() ?? false;
            }
            else if (json.Is("LocalSecondaryIndexes"u8))
            {
                _localIndexes = IndexPart.ReadList(ref json, "LocalSecondaryIndex", isGlobal: false) ?? _localIndexes;
            }
            else if (json.Is("GlobalSecondaryIndexes"u8))
            {
                _globalIndexes = IndexPart.ReadList(ref json, "GlobalSecondaryIndex", isGlobal: true) ?? _globalIndexes;
            }
            else
            {
                ReadUnsupported(ref json);
            }
        }
    }

    private void ReadUnsupported(ref JsonInput json)
    {
        if (json.Is("StreamSpecification"u8))
        {
            _stream.ReadFrom(ref json);
        }
        else if (json.Is("SSESpecification"u8))
        {
            RefuseWhenTrue(ref json, "SSESpecification", "Enabled"u8);
        }
        else if (json.Is("Tags"u8))
        {
            _tags = TagList.Read(ref json);
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
}

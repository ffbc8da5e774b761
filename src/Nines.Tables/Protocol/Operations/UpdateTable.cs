using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>UpdateTable: the constraints, that there is something to do, that it may be done together, and what is not there yet.</summary>
internal sealed class UpdateTable
{
    private const string Invalid = "One or more parameter values were invalid: ";

    private const string Nothing = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
        + "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
        + "OnDemandThroughput, WarmThroughput or TableClass is required";

    private readonly List<string> _notSupported = [];
    private string? _tableName;
    private string? _billingMode;
    private string? _tableClass;
    private bool? _deletionProtection;
    private ThroughputPart _throughput;
    private IndexUpdates? _indexes;
    private List<AttributeDefinition>? _attributes;
    private StreamPart _stream;

    public static ParsedRequest<TableUpdate> Parse(ref JsonInput json)
    {
        var request = new UpdateTable();
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = TableNames.Required(request._tableName) ?? request.Check();
        TableError? error = message is null
            ? request._throughput.CheckLimit(json.Scope) ?? request._indexes?.CheckLimits(json.Scope)
            : TableError.Validation(message);
        return error is null ? new(request.Update()) : new(error);
    }

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                _tableName = json.Table().Name;
            }
            else if (json.Is("BillingMode"u8))
            {
                _billingMode = json.String();
            }
            else if (json.Is("ProvisionedThroughput"u8))
            {
                _throughput.ReadFrom(ref json);
            }
            else if (json.Is("StreamSpecification"u8))
            {
                _stream.ReadFrom(ref json);
            }
            else if (json.Is("TableClass"u8))
            {
                _tableClass = json.String();
            }
            else if (json.Is("DeletionProtectionEnabled"u8))
            {
                _deletionProtection = json.Boolean();
            }
            else if (json.Is("GlobalSecondaryIndexUpdates"u8))
            {
                _indexes = IndexUpdates.Read(ref json) ?? _indexes;
            }
            else if (json.Is("AttributeDefinitions"u8))
            {
                _attributes = KeySchemaPart.ReadAttributes(ref json) ?? _attributes;
            }
            else
            {
                ReadUnsupported(ref json);
            }
        }
    }

    private void ReadUnsupported(ref JsonInput json)
    {
        if (json.Is("ReplicaUpdates"u8) || json.Is("GlobalTableWitnessUpdates"u8))
        {
            string name = json.Text();
            bool isAny = false;
            bool isList = json.Value() && json.IsList();
            while (isList && json.NextElement())
            {
                json.Skip();
                isAny = true;
            }

            // An empty list asks for nothing.
            Refuse(name, isAny);
        }
        else if (json.Is("SSESpecification"u8) || json.Is("OnDemandThroughput"u8) || json.Is("WarmThroughput"u8))
        {
            string name = json.Text();
            bool isThere = json.Value() && json.IsField(name);
            json.Skip();
            Refuse(name, isThere);
        }
        else if (json.Is("MultiRegionConsistency"u8) || json.Is("GlobalTableSettingsReplicationMode"u8))
        {
            string name = json.Text();
            Refuse(name, json.String() is not null);
        }
        else
        {
            json.Skip();
        }
    }

    private void Refuse(string member, bool isThere)
    {
        if (isThere)
        {
            _notSupported.Add(member);
        }
    }

    private string? Check()
    {
        var constraints = default(Constraints);
        KeySchemaPart.ConstrainAttributes(ref constraints, _attributes);
        constraints.Pattern(_tableName, "tableName");
        _throughput.Constrain(ref constraints);
        constraints.OneOf(_billingMode, "billingMode", "PROVISIONED, PAY_PER_REQUEST");
        _indexes?.Constrain(ref constraints);
        if (_indexes?.NotSupported is { } member)
        {
            _notSupported.Add(member);
        }

        _stream.Constrain(ref constraints);
        return constraints.Message
            ?? CheckTogether()
            ?? TableClassNames.Check(_tableClass)
            ?? _stream.CheckUpdate()
            ?? (_notSupported.Count > 0 ? Invalid + _notSupported[0] + " is not yet supported by this server" : null)
            ?? (_billingMode == "PROVISIONED" && !_throughput.IsSent
                ? Invalid + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
                : null)
            ?? _throughput.CheckBounds()
            ?? _indexes?.Check(_attributes);
    }

    private string? CheckTogether()
    {
        int changes = _notSupported.Count + (_indexes?.Count > 0 ? 1 : 0) + (_throughput.IsSent ? 1 : 0) + (_billingMode is null ? 0 : 1)
            + (_tableClass is null ? 0 : 1) + (_deletionProtection is null ? 0 : 1) + (_stream.IsSent ? 1 : 0);
        string? alone = changes <= 1 ? null
            : _notSupported.Contains("SSESpecification") ? "Server-Side Encryption"
            : _tableClass is not null ? "TableClass"
            : _deletionProtection is not null ? "DeletionProtection"
            : null;
        return changes == 0 ? Nothing
            : _indexes?.Count == 0 ? Invalid + "List of GlobalSecondaryIndexUpdates is empty"
            : _indexes?.IsStructural == true && _throughput.IsSent && _billingMode is null
                ? Invalid + "You cannot create or delete index while updating table IOPS"
            : alone is not null ? $"{Invalid}{alone} modification must be the only operation in the request"
            : _stream.IsSent && _throughput.IsSent ? Invalid + "You cannot modify stream status while updating table IOPS"
            : null;
    }

    private TableUpdate Update() => new(_tableName!)
    {
        Billing = _billingMode switch
        {
            "PROVISIONED" => BillingMode.Provisioned,
            "PAY_PER_REQUEST" => BillingMode.PayPerRequest,
            _ => null,
        },
        Throughput = _throughput.IsSent ? new CapacityUnits(_throughput.Read!.Value, _throughput.Write!.Value) : null,
        Class = _tableClass is null ? null : TableClassNames.Of(_tableClass),
        DeletionProtection = _deletionProtection,
        Indexes = _indexes?.ToChanges(_attributes) ?? [],
        Attributes = _indexes?.IsStructural == true && _attributes is not null
            ? [.. _attributes.Select(static a => new KeyAttribute(a.Name!, a.KeyType))]
            : [],
        Stream = _stream.IsSent ? new StreamChange(_stream.View) : null,
    };
}

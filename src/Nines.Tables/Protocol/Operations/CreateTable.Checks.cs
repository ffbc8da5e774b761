using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol.Operations;

/// <summary>What is checked of CreateTable, in DynamoDB's order, and the description that is left.</summary>
internal sealed partial class CreateTable
{
    private const string Invalid = "One or more parameter values were invalid: ";

    private string? Check()
    {
        var constraints = default(Constraints);
        constraints.NotNull(_attributes is not null, "attributeDefinitions");
        KeySchemaPart.ConstrainAttributes(ref constraints, _attributes);
        constraints.Pattern(_tableName, "tableName");
        constraints.OneOf(_billingMode, "billingMode", "PROVISIONED, PAY_PER_REQUEST");
        _throughput.Constrain(ref constraints);
        KeySchemaPart.ConstrainKeys(ref constraints, _keys, "keySchema");
        Constrain(ref constraints, _localIndexes, "localSecondaryIndexes");
        Constrain(ref constraints, _globalIndexes, "globalSecondaryIndexes");
        _stream.Constrain(ref constraints);
        return constraints.Message ?? TableClassNames.Check(_tableClass) ?? CheckBilling() ?? CheckKeys() ?? CheckIndexes() ?? _stream.CheckCreate() ?? CheckSupported()
            ?? (_tags is null ? null : TagList.Check(_tags));
    }

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
        if (_keys!.Count > _attributes!.Count)
        {
            return "Invalid KeySchema: Some index key attribute have no definition";
        }

        bool indexed = _localIndexes?.Count > 0 || _globalIndexes?.Count > 0;
        return KeySchemaPart.CheckDefined(_keys, _attributes)
            ?? KeySchemaPart.CheckOrder(_keys)
            ?? (!indexed && _keys.Count != _attributes.Count
                ? Invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
                : null);
    }

    private string? CheckSupported() => NotYet(
        _notSupported ?? _globalIndexes?.Select(static i => i.NotSupported).FirstOrDefault(static m => m is not null));

    private static string? NotYet(string? member) =>
        member is null ? null : Invalid + member + " is not yet supported by this server";

    private TableDescription Description()
    {
        KeyAttribute? range = _keys!.Count == 2 ? KeySchemaPart.Key(_keys[1], _attributes!) : null;
        TableIndex[] indexes = [.. Indexes(_localIndexes, isGlobal: false), .. Indexes(_globalIndexes, isGlobal: true)];
        return new TableDescription
        {
            Name = _tableName!,
            Hash = KeySchemaPart.Key(_keys[0], _attributes!),
            Range = range,
            RangeDefinedFirst = range is not null && _attributes!.FindIndex(a => a.Name == range.Value.Name) < _attributes.FindIndex(a => a.Name == _keys[0].Name),
            Billing = _billingMode == "PAY_PER_REQUEST" ? BillingMode.PayPerRequest : BillingMode.Provisioned,
            ReadCapacityUnits = _throughput.Read ?? 0,
            WriteCapacityUnits = _throughput.Write ?? 0,
            DeletionProtection = _deletionProtection,
            Tags = _tags is null ? TableTags.None : TagList.ToTags(_tags),
            Class = TableClassNames.Of(_tableClass),
            Indexes = indexes,
            Attributes = indexes.Length == 0 ? [] : [.. _attributes!.Select(static a => new KeyAttribute(a.Name!, a.KeyType))],
            Streams = _stream.View is { } view ? TableStreams.Wanted(view) : TableStreams.None,
        };
    }
}

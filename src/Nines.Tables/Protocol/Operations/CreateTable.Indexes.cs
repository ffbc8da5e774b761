using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>What is checked of the secondary indexes of CreateTable, in DynamoDB's order.</summary>
internal sealed partial class CreateTable
{
    private static void Constrain(ref Constraints constraints, List<IndexPart>? indexes, string at)
    {
        for (int i = 0; i < indexes?.Count; i++)
        {
            indexes[i].Constrain(ref constraints, $"{at}.{i + 1}.member.");
        }
    }

    private string? CheckIndexes()
    {
        if (_localIndexes is null && _globalIndexes is null)
        {
            return null;
        }

        string? empty = _localIndexes?.Count == 0 ? Invalid + "List of LocalSecondaryIndexes is empty"
            : _globalIndexes?.Count == 0 ? Invalid + "List of GlobalSecondaryIndexes is empty"
            : _localIndexes is not null && _keys!.Count != 2
                ? Invalid + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            : null;
        return empty
            ?? FirstOf(_localIndexes, CheckLocalKeys)
            ?? FirstOf(_globalIndexes, CheckKeysOf)
            ?? CheckUnused()
            ?? FirstOf(_localIndexes, static i => i.CheckProjection())
            ?? FirstOf(_globalIndexes, static i => i.CheckProjection())
            ?? FirstOf(_globalIndexes, CheckThroughput)
            ?? CheckNames()
            ?? CheckCounts();
    }

    private static string? FirstOf(List<IndexPart>? indexes, Func<IndexPart, string?> check) =>
        indexes?.Select(check).FirstOrDefault(static message => message is not null);

    private string? CheckKeysOf(IndexPart index) =>
        KeySchemaPart.CheckDefined(index.Keys!, _attributes!) ?? KeySchemaPart.CheckOrder(index.Keys!);

    private string? CheckLocalKeys(IndexPart index)
    {
        string hash = index.Keys![0].Name!;
        string tableHash = _keys![0].Name!;
        return CheckKeysOf(index)
            ?? (index.Keys.Count != 2 ? $"{Invalid}Index KeySchema does not have a range key for index: {index.Name}"
                : hash == tableHash ? null
                : $"{Invalid}Index KeySchema does not have the same leading hash key as table KeySchema for index: {index.Name}. "
                    + $"index hash key: {hash}, table hash key: {tableHash}");
    }

    /// <summary>Every definition is of an attribute that some key uses, and is there once.</summary>
    private string? CheckUnused()
    {
        string[] used = [.. AllIndexes().SelectMany(static i => i.Keys!).Concat(_keys!).Select(static k => k.Name!).Distinct(StringComparer.Ordinal)];
        if (_attributes!.Exists(a => !used.Contains(a.Name)))
        {
            return $"{Invalid}Some AttributeDefinitions are not used. AttributeDefinitions: "
                + $"[{string.Join(", ", _attributes.Select(static a => a.Name))}], keys used: [{string.Join(", ", used)}]";
        }

        string? twice = _attributes.GroupBy(static a => a.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1)?.Key;
        return twice is null ? null : "Attribute Name is duplicated: " + twice;
    }

    private string? CheckThroughput(IndexPart index)
    {
        bool isPerRequest = _billingMode == "PAY_PER_REQUEST";
        return isPerRequest && index.HasThroughput
                ? $"{Invalid}ProvisionedThroughput should not be specified for index: {index.Name} when BillingMode is PAY_PER_REQUEST"
            : !isPerRequest && !index.HasThroughput ? $"{Invalid}ProvisionedThroughput is not specified for index: {index.Name}"
            : index.Throughput.CheckBounds();
    }

    private string? CheckNames()
    {
        string? twice = AllIndexes().GroupBy(static i => i.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1)?.Key;
        return twice is null ? null : $"{Invalid}Duplicate index name: {twice}";
    }

    private string? CheckCounts() =>
        _localIndexes?.Count > TableIndex.LocalMax
            ? $"{Invalid}Number of LocalSecondaryIndexes exceeds per-table limit of {TableIndex.LocalMax}"
        : _globalIndexes?.Count > TableIndex.GlobalMax
            ? $"{Invalid}GlobalSecondaryIndex count exceeds the per-table limit of {TableIndex.GlobalMax}"
        : AllIndexes().Sum(static i => i.NonKeyCount) > TableIndex.IncludedMax
            ? $"{Invalid}Number of NonKeyAttributes in all indexes exceeds the per-table limit of {TableIndex.IncludedMax}"
        : null;

    private TableError? CheckLimits(TableScope scope) =>
        _throughput.CheckLimit(scope) ?? _globalIndexes?.Select(i => i.Throughput.CheckLimit(scope)).FirstOrDefault(static e => e is not null);

    private IEnumerable<IndexPart> AllIndexes() => (_localIndexes ?? []).Concat(_globalIndexes ?? []);

    private IEnumerable<TableIndex> Indexes(List<IndexPart>? indexes, bool isGlobal) =>
        (indexes ?? []).Select(i => new TableIndex(i.ToShape(isGlobal, _attributes!)) { Units = i.Units ?? default });
}

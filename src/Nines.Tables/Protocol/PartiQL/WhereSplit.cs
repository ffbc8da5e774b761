using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>
/// A WHERE clause taken apart: what it says of the keys in a way that leads to a partition or an item, and the rest. Only what must hold
/// in any case, so a term that AND joins at the top, leads anywhere.
/// </summary>
internal sealed class WhereSplit
{
    private readonly KeyAttribute _hash;
    private readonly KeyAttribute? _range;
    private readonly List<Condition> _rest = [];
    private KeyCondition? _onHash;
    private KeyCondition? _onRange;
    private Condition? _rangeCondition;

    private WhereSplit(KeyAttribute hash, KeyAttribute? range)
    {
        _hash = hash;
        _range = range;
    }

    /// <summary>A key is compared with a value of another type.</summary>
    public TableError? Error { get; private set; }

    /// <summary>The conditions of a query; none when there is no equality on the partition key.</summary>
    public IReadOnlyList<KeyCondition> Conditions => (_onHash, _onRange) switch
    {
        (null, _) => [],
        ({ } hash, null) => [hash],
        ({ } hash, { } range) => [hash, range],
    };

    /// <summary>The whole key, when there is an equality on each of its attributes.</summary>
    public Item? Key => _onHash is not { } hash ? null
        : _range is null ? Item.Of((hash.Attribute, hash.Values[0]))
        : _onRange is { Comparator: KeyComparator.Equal } range ? Item.Of((hash.Attribute, hash.Values[0]), (range.Attribute, range.Values[0]))
        : null;

    /// <summary>What must hold beside the conditions on the keys; null: nothing.</summary>
    public Condition? Rest => _rest.Count switch
    {
        0 => null,
        1 => _rest[0],
        _ => new Junction(isAnd: true, [.. _rest]),
    };

    public static WhereSplit Of(Condition? where, KeyAttribute hash, KeyAttribute? range)
    {
        var split = new WhereSplit(hash, range);
        if (where is not null)
        {
            split.Take(where);
        }

        return split;
    }

    private void Take(Condition condition)
    {
        if (condition is Junction { IsAnd: true } and)
        {
            foreach (Condition part in and.Parts)
            {
                Take(part);
            }

            return;
        }

        Parsed<IReadOnlyList<KeyCondition>> read = KeyConditionReader.Read(condition);
        KeyCondition? found = read.IsOk && read.Value.Count == 1 ? read.Value[0] : null;
        KeyAttribute? key = found?.Attribute == _hash.Name ? _hash : found?.Attribute == _range?.Name ? _range : null;
        if (found is not null && key is { } attribute && found.Values.Any(v => v.Type != attribute.Type))
        {
            Error ??= StatementErrors.KeyType(attribute.Name);
        }

        if (found is not null && key == _hash && _onHash is null && found.Comparator == KeyComparator.Equal)
        {
            _onHash = found;
        }
        else if (found is not null && key is not null && key != _hash
            && (_onRange is null || (found.Comparator == KeyComparator.Equal && _onRange.Comparator != KeyComparator.Equal)))
        {
            // An equality says more than what came before it.
            if (_rangeCondition is not null)
            {
                _rest.Add(_rangeCondition);
            }

            (_onRange, _rangeCondition) = (found, condition);
        }
        else
        {
            _rest.Add(condition);
        }
    }
}

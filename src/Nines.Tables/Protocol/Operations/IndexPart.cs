using System.Text.Json;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol.Operations;

/// <summary>A secondary index as CreateTable and UpdateTable describe it, as sent, and what is checked of it alone.</summary>
internal sealed class IndexPart
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private const int NonKeyAttributesMax = 20;
    private const int NonKeyNameCharactersMax = 255;

    private bool _hasProjection;
    private string? _projectionType;
    private List<string?>? _nonKey;
    private ThroughputPart _throughput;

    public string? Name { get; private set; }

    public List<KeySchemaElement>? Keys { get; private set; }

    /// <summary>A member that is not there yet.</summary>
    public string? NotSupported { get; private set; }

    public int NonKeyCount => _nonKey?.Count ?? 0;

    public bool HasThroughput => _throughput.IsSent;

    public CapacityUnits? Units => _throughput.IsSent ? new CapacityUnits(_throughput.Read!.Value, _throughput.Write!.Value) : null;

    public ThroughputPart Throughput => _throughput;

    /// <summary>Reads the indexes of a list.</summary>
    public static List<IndexPart>? ReadList(ref JsonInput json, string structure, bool isGlobal)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var indexes = new List<IndexPart>();
        while (json.NextElement())
        {
            var index = new IndexPart();
            if (json.IsElement(structure))
            {
                index.ReadMembers(ref json, isGlobal);
            }

            indexes.Add(index);
        }

        return indexes;
    }

    /// <summary>Reads the members of the current structure.</summary>
    public void ReadMembers(ref JsonInput json, bool isGlobal)
    {
        while (json.NextMember())
        {
            if (json.Is("IndexName"u8))
            {
                Name = json.String();
            }
            else if (json.Is("KeySchema"u8))
            {
                Keys = KeySchemaPart.ReadKeys(ref json);
            }
            else if (json.Is("Projection"u8))
            {
                ReadProjection(ref json);
            }
            else if (isGlobal && json.Is("ProvisionedThroughput"u8))
            {
                _throughput.ReadFrom(ref json);
            }
            else if (isGlobal && (json.Is("OnDemandThroughput"u8) || json.Is("WarmThroughput"u8)))
            {
                string member = json.Text();
                NotSupported ??= json.Value() ? member : null;
                json.Skip();
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of the service's model.</summary>
    public void Constrain(ref Constraints constraints, string at)
    {
        constraints.Name(Name, at + "indexName");
        KeySchemaPart.ConstrainKeys(ref constraints, Keys, at + "keySchema");
        constraints.NotNull(_hasProjection, at + "projection");
        constraints.OneOf(_projectionType, at + "projection.projectionType", "ALL, INCLUDE, KEYS_ONLY");
        string nonKeyAt = at + "projection.nonKeyAttributes";
        constraints.LengthAtLeast(_nonKey?.Count, 1, nonKeyAt, static () => "[]");
        constraints.LengthAtMost(_nonKey?.Count, NonKeyAttributesMax, nonKeyAt, () => $"[{string.Join(", ", _nonKey!)}]");
        for (int i = 0; i < _nonKey?.Count; i++)
        {
            string? name = _nonKey[i];
            string member = $"{nonKeyAt}.{i + 1}.member";
            constraints.NotNull(name is not null, member);
            constraints.LengthAtLeast(name?.Length, 1, member, () => name!);
            constraints.LengthAtMost(name?.Length, NonKeyNameCharactersMax, member, () => name!);
        }

        _throughput.Constrain(ref constraints, at);
    }

    /// <summary>What the index projects.</summary>
    public string? CheckProjection()
    {
        if (_projectionType is null)
        {
            return Invalid + "Unknown ProjectionType: null";
        }

        if ((_projectionType == "INCLUDE") != _nonKey is not null)
        {
            return $"{Invalid}ProjectionType is {_projectionType}, but NonKeyAttributes is {(_nonKey is null ? "not " : "")}specified";
        }

        string? twice = _nonKey?.GroupBy(static n => n, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1)?.Key;
        return twice is null ? null : $"{Invalid}Duplicate element in NonKeyAttributes: {twice}";
    }

    /// <summary>The index, once everything is checked. DynamoDB keeps what is included in the order of names.</summary>
    public IndexShape ToShape(bool isGlobal, List<AttributeDefinition> attributes)
    {
        KeyAttribute? range = Keys!.Count == 2 ? KeySchemaPart.Key(Keys[1], attributes) : null;
        return new IndexShape(0, Name!, isGlobal, KeySchemaPart.Key(Keys[0], attributes), range)
        {
            Projection = _projectionType switch
            {
                "ALL" => ProjectionKind.All,
                "INCLUDE" => ProjectionKind.Include,
                _ => ProjectionKind.KeysOnly,
            },
            Included = _nonKey is null ? [] : [.. _nonKey.Select(static n => n!).Order(StringComparer.Ordinal)],
        };
    }

    private void ReadProjection(ref JsonInput json)
    {
        if (!json.Value() || !json.IsField("Projection"))
        {
            return;
        }

        _hasProjection = true;
        while (json.NextMember())
        {
            if (json.Is("ProjectionType"u8))
            {
                _projectionType = json.String();
            }
            else if (json.Is("NonKeyAttributes"u8))
            {
                _nonKey = ReadNames(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    private static List<string?>? ReadNames(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var names = new List<string?>();
        while (json.NextElement())
        {
            names.Add(json.Token == JsonTokenType.Null ? null : json.StringHere());
        }

        return names;
    }
}

using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>The member GlobalSecondaryIndexUpdates of UpdateTable, as sent, and what is checked of it without the table.</summary>
internal sealed class IndexUpdates
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private readonly List<Entry> _entries = [];

    private sealed class Entry
    {
        public IndexPart? Create { get; set; }

        public IndexPart? Update { get; set; }

        public IndexPart? Delete { get; set; }

        public int Count => (Create is null ? 0 : 1) + (Update is null ? 0 : 1) + (Delete is null ? 0 : 1);

        public string? Name => (Update ?? Create ?? Delete)?.Name;
    }

    public int Count => _entries.Count;

    /// <summary>An index is added or goes.</summary>
    public bool IsStructural => _entries.Exists(static e => e.Create is not null || e.Delete is not null);

    /// <summary>A member that is not there yet.</summary>
    public string? NotSupported =>
        _entries.Select(static e => e.Create?.NotSupported ?? e.Update?.NotSupported).FirstOrDefault(static m => m is not null);

    /// <summary>Reads the current member; null when it is null or no list.</summary>
    public static IndexUpdates? Read(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var updates = new IndexUpdates();
        while (json.NextElement())
        {
            var entry = new Entry();
            if (json.IsElement("GlobalSecondaryIndexUpdate"))
            {
                ReadEntry(ref json, entry);
            }

            updates._entries.Add(entry);
        }

        return updates;
    }

    /// <summary>The constraints of the service's model.</summary>
    public void Constrain(ref Constraints constraints)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            string at = $"globalSecondaryIndexUpdates.{i + 1}.member.";
            Entry entry = _entries[i];
            if (entry.Update is { } update)
            {
                constraints.Name(update.Name, at + "update.indexName");
                update.Throughput.Constrain(ref constraints, at + "update.");
            }

            entry.Create?.Constrain(ref constraints, at + "create.");
            if (entry.Delete is { } delete)
            {
                constraints.Name(delete.Name, at + "delete.indexName");
            }
        }
    }

    /// <summary>That each entry asks for one thing, and each index is asked for once; and what an index to be added is made of.</summary>
    public string? Check(List<AttributeDefinition>? attributes)
    {
        if (_entries.Exists(static e => e.Count == 0))
        {
            return Invalid + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                + "GlobalSecondaryIndexUpdate.Delete must not be null";
        }

        if (_entries.Exists(static e => e.Count > 1))
        {
            return Invalid + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object";
        }

        string? twice = _entries.GroupBy(static e => e.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1)?.Key;
        return twice is not null
            ? $"{Invalid}Only one global secondary index update per index is allowed simultaneously. Index: {twice}"
            : _entries.Where(static e => e.Create is not null).Select(e => CheckCreate(e.Create!, attributes)).FirstOrDefault(static m => m is not null)
                ?? _entries.Select(static e => (e.Create ?? e.Update)?.Throughput.CheckBounds()).FirstOrDefault(static m => m is not null);
    }

    /// <summary>What no index of this account may have.</summary>
    public TableError? CheckLimits(TableScope scope) =>
        _entries.Select(e => (e.Create ?? e.Update)?.Throughput.CheckLimit(scope)).FirstOrDefault(static e => e is not null);

    /// <summary>The changes, once everything is checked.</summary>
    public IReadOnlyList<IndexChange> ToChanges(List<AttributeDefinition>? attributes) => [.. _entries.Select(e => new IndexChange(e.Name!)
    {
        Added = e.Create?.ToShape(isGlobal: true, attributes!),
        IsRemoval = e.Delete is not null,
        Units = (e.Create ?? e.Update)?.Units,
    })];

    private static string? CheckCreate(IndexPart index, List<AttributeDefinition>? attributes) =>
        attributes is null ? $"{Invalid}AttributeDefinitions is not specified for index: {index.Name}"
        : KeySchemaPart.CheckDefined(index.Keys!, attributes)
            ?? KeySchemaPart.CheckOrder(index.Keys!)
            ?? index.CheckProjection();

    private static void ReadEntry(ref JsonInput json, Entry entry)
    {
        while (json.NextMember())
        {
            if (json.Is("Create"u8))
            {
                entry.Create = ReadAction(ref json, "CreateGlobalSecondaryIndexAction") ?? entry.Create;
            }
            else if (json.Is("Update"u8))
            {
                entry.Update = ReadAction(ref json, "UpdateGlobalSecondaryIndexAction") ?? entry.Update;
            }
            else if (json.Is("Delete"u8))
            {
                entry.Delete = ReadAction(ref json, "DeleteGlobalSecondaryIndexAction") ?? entry.Delete;
            }
            else
            {
                json.Skip();
            }
        }
    }

    private static IndexPart? ReadAction(ref JsonInput json, string structure)
    {
        if (!json.Value() || !json.IsField(structure))
        {
            return null;
        }

        var index = new IndexPart();
        index.ReadMembers(ref json, isGlobal: true);
        return index;
    }
}

using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// Opens a node's data and makes its replicas again: each from its store's durable point and the entries of the log behind it.
/// <para>
/// Directory: <c>log/</c> the common log; <c>groups/N/</c> the store of group N; <c>groups/N.retired</c> says that the group went on
/// without this node, so that its founding place here is not taken again; <c>map</c> the map the node began with, written once
/// before anything else, because a replica that has not flushed yet takes its first configuration from it.
/// </para>
/// </summary>
internal static class ReactorStart
{
    public const string LogDirectory = "log";
    private const string GroupsDirectory = "groups";
    private const string MapFile = "map";

    /// <summary>Nodes of the control group that vote; the others learn.</summary>
    private const int MaxControlVoters = 5;

    public static string DirectoryOf(GroupId group) => $"{GroupsDirectory}/{group.Value}";

    /// <summary>The group was here and has gone on without this node, durably.</summary>
    public static void MarkRetired(IDisk disk, GroupId group)
    {
        using (IDiskFile file = disk.Open(RetiredFileOf(group), DiskOpen.Create))
        {
            file.Sync();
        }

        disk.SyncDirectory(GroupsDirectory);
    }

    public static bool IsRetired(IDisk disk, GroupId group) => disk.Exists(RetiredFileOf(group));

    private static string RetiredFileOf(GroupId group) => $"{GroupsDirectory}/{group.Value}.retired";

    /// <summary>The map this data directory began with; the given one, durably, when it is new.</summary>
    public static SlotMap FirstMap(IDisk disk, SlotMap given)
    {
        if (TwinFile.Read(disk, MapFile) is { } bytes)
        {
            return SlotMap.TryRead(bytes) ?? throw new DamagedException(MapFile, 0, "not a map of a version known here");
        }

        var buffer = new ByteBuffer(4096);
        given.Write(buffer);
        TwinFile.Replace(disk, MapFile, buffer.Written);
        return given;
    }

    public static LogRecovery RecoverLog(ReactorParts parts, BootId life)
    {
        parts.Disk.CreateDirectory(LogDirectory);
        parts.Disk.CreateDirectory(GroupsDirectory);
        parts.Disk.SyncDirectory("");
        return SegmentedLog.Recover(parts.Disk, LogDirectory, parts.LogOptions, life.Value);
    }

    /// <summary>The configuration a group begins with, as this node knows it from the first map.</summary>
    public static Configuration FirstConfiguration(SlotMap map, GroupId group, NodeId self)
    {
        IReadOnlyList<NodeId> replicas = map.ReplicasOf(group);
        if (!replicas.Contains(self))
        {
            return Configuration.Empty;
        }

        return group == GroupId.Control
            ? new(replicas.Take(MaxControlVoters), [], replicas.Skip(MaxControlVoters))
            : Configuration.Of(replicas);
    }

    /// <summary>
    /// Joins what the store holds durably with what the log holds. The store is committed state: where the two differ, what the log has
    /// at or before the store's point gives way.
    /// </summary>
    public static RaftRestore Restore(RecoveredGroup? recovered, ReplicaMeta stored, SegmentedLog log, GroupId group)
    {
        LogPosition point = stored.Position;
        if (recovered is null)
        {
            return new(default, point, stored.Configuration, [], point.Index);
        }

        int skip = recovered.Entries.FindIndex(e => e.Index > point.Index);
        bool continues = recovered.Base.Index == point.Index
            || recovered.Entries.Exists(e => e.Position == point);
        if (!continues && (recovered.Entries.Count > 0 || recovered.Base.Index < point.Index))
        {
            // A snapshot was installed and the crash came before the log was told.
            log.SetBase(group, point);
            return new(recovered.HardState, point, stored.Configuration, [], point.Index);
        }

        IReadOnlyList<LogEntry> entries = skip < 0 ? [] : recovered.Entries[skip..];
        return new(recovered.HardState, point, stored.Configuration, entries, point.Index);
    }
}

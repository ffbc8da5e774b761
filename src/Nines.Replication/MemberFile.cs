using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// What a node wrote down when it had met the whole founding cluster, before it made its first promise: the incarnation of every
/// member. A directory without it has promised nothing; a peer that has it recognises a node that lost its own.
/// </summary>
/// <param name="Incarnation">This node's own: the boot id of its first start on this directory.</param>
/// <param name="IsRejoining">The node had lost an earlier directory: its replicas begin as learners.</param>
/// <param name="Known">The others' incarnations when they were met, by node.</param>
internal sealed record MemberFile(BootId Incarnation, bool IsRejoining, IReadOnlyDictionary<int, BootId> Known)
{
    private const string Name = "members";
    private const string DraftName = "incarnation";
    private const byte Version = 1;

    /// <summary>Null on a directory that never met its cluster.</summary>
    /// <exception cref="DamagedException">The file is there and not whole.</exception>
    public static MemberFile? Read(IDisk disk)
    {
        if (TwinFile.Read(disk, Name) is not { } bytes)
        {
            return null;
        }

        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == Version;
        var incarnation = new BootId(reader.Count());
        bool rejoining = reader.Byte() == 1;
        var members = new SortedDictionary<int, BootId>();
        for (int left = reader.Items(2); left > 0; left--)
        {
            members[reader.SmallCount()] = new(reader.Count());
        }

        return known && reader.IsComplete
            ? new(incarnation, rejoining, members)
            : throw new DamagedException(Name, 0, "not a list of founding members of a version known here");
    }

    /// <summary>
    /// The incarnation of a directory that has not met its cluster yet: the boot of its first start, kept over restarts. Without that, a
    /// founder that restarts while the others already know it would pass for one that lost its directory.
    /// </summary>
    public static BootId FirstIncarnation(IDisk disk, BootId boot)
    {
        if (ReadIncarnation(disk) is { } kept)
        {
            return kept;
        }

        var buffer = new ByteBuffer(16);
        buffer.Count(boot.Value);
        TwinFile.Replace(disk, DraftName, buffer.Written);
        return new(boot.Value);
    }

    /// <summary>
    /// What tells this directory's log from that of an earlier one of the node: its incarnation, or what that is going to be when this is its
    /// first start. Writes nothing.
    /// </summary>
    public static BootId LifeOf(IDisk disk, MemberFile? members, BootId boot) => members?.Incarnation ?? ReadIncarnation(disk) ?? boot;

    /// <summary>The directory met its cluster.</summary>
    public static bool Exists(IDisk disk) => disk.Exists(Name);

    /// <summary>Durable when it returns: the next start is the first of another incarnation.</summary>
    public static void ForgetIncarnation(IDisk disk)
    {
        if (disk.Exists(DraftName))
        {
            disk.Delete(DraftName);
            disk.SyncDirectory("");
        }
    }

    /// <summary>
    /// The directory's own incarnation must be the one that met the cluster. If not, this file is an older one that was put back, and what
    /// it says of promises is not true of this directory.
    /// </summary>
    /// <exception cref="DamagedException">It belongs to another life of this node.</exception>
    public void CheckBelongsTo(IDisk disk)
    {
        if (ReadIncarnation(disk) is { } own && own != Incarnation)
        {
            throw new DamagedException(Name, 0, $"it is of incarnation {Incarnation}, the directory of {own}");
        }
    }

    private static BootId? ReadIncarnation(IDisk disk)
    {
        if (TwinFile.Read(disk, DraftName) is not { } bytes)
        {
            return null;
        }

        var reader = new ByteReader(bytes);
        var kept = new BootId(reader.Count());
        return reader.IsComplete ? kept : throw new DamagedException(DraftName, 0, "not an incarnation");
    }

    /// <summary>Layout: version 1, own incarnation, rejoining, count, (node, incarnation)…</summary>
    public void Write(IDisk disk)
    {
        var buffer = new ByteBuffer(128);
        buffer.Byte(Version);
        buffer.Count(Incarnation.Value);
        buffer.Byte(IsRejoining ? (byte)1 : (byte)0);
        buffer.Count(Known.Count);
        foreach ((int node, BootId incarnation) in Known.OrderBy(k => k.Key))
        {
            buffer.Count(node);
            buffer.Count(incarnation.Value);
        }

        TwinFile.Replace(disk, Name, buffer.Written);
    }
}

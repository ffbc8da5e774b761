using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>
/// The simplest durable log: one file of checksummed frames, written and synced by background work, read whole at the start. A frame
/// that cannot be read ends it: with honest disks that is the torn tail.
/// </summary>
internal sealed class Journal
{
    private const string Path = "journal";
    private readonly IDisk _disk;
    private readonly IDiskFile _file;
    private ByteBuffer _staged = new();
    private long _end;

    public Journal(IDisk disk)
    {
        _disk = disk;
        bool isNew = !disk.Exists(Path);
        _file = disk.Open(Path, isNew ? DiskOpen.Create : DiskOpen.ReadWrite);
        if (isNew)
        {
            _file.Sync();
            disk.SyncDirectory("");
        }
    }

    public bool HasStaged => _staged.Length > 0;

    /// <summary>Counts the starts on this disk; durable when it returns.</summary>
    public static BootId NextBoot(IDisk disk)
    {
        long boot = 0;
        if (disk.Exists("boot"))
        {
            using IDiskFile old = disk.Open("boot", DiskOpen.Read);
            byte[] bytes = new byte[8];
            old.Read(0, bytes);
            boot = BitConverter.ToInt64(bytes);
        }

        using (IDiskFile next = disk.Open("boot.new", DiskOpen.Create))
        {
            next.Write(0, BitConverter.GetBytes(boot + 1));
            next.Sync();
        }

        disk.Rename("boot.new", "boot");
        disk.SyncDirectory("");
        return new BootId(boot + 1);
    }

    public void Stage(GroupId group, HardState state)
    {
        ByteBuffer frame = new();
        frame.Byte(1);
        frame.Count(group.Value);
        frame.Count(state.Term.Value);
        frame.Count(state.Vote.Value);
        Frame(frame);
    }

    public void Stage(GroupId group, in LogEntry entry)
    {
        ByteBuffer frame = new();
        frame.Byte(2);
        frame.Count(group.Value);
        frame.Count(entry.Term.Value);
        frame.Count(entry.Index.Value);
        frame.Byte((byte)entry.Kind);
        frame.Blob(entry.Payload.Span);
        Frame(frame);
    }

    public IBackgroundWork BeginFlush()
    {
        Flush flush = new(_file, _end, _staged);
        _end += _staged.Length;
        _staged = new ByteBuffer();
        return flush;
    }

    /// <summary>Reads everything, cuts the torn tail, and makes what is left durable before anything is promised on it.</summary>
    public void Recover(Action<GroupId, HardState> hardState, Action<GroupId, LogEntry> entry)
    {
        byte[] bytes = new byte[_file.Length];
        _file.Read(0, bytes);
        int at = 0;
        while (at + 8 <= bytes.Length)
        {
            int size = BitConverter.ToInt32(bytes, at);
            if (size <= 0 || size > bytes.Length - at - 8
                || Crc32C.Of(bytes.AsSpan(at + 8, size)) != BitConverter.ToUInt32(bytes, at + 4))
            {
                break;
            }

            Read(bytes.AsMemory(at + 8, size), hardState, entry);
            at += 8 + size;
        }

        _file.Truncate(at);
        _file.Sync();
        _end = at;
        _disk.SyncDirectory("");
    }

    private static void Read(
        ReadOnlyMemory<byte> frame, Action<GroupId, HardState> hardState, Action<GroupId, LogEntry> entry)
    {
        ByteReader reader = new(frame);
        byte kind = reader.Byte();
        GroupId group = new((int)reader.Count());
        if (kind == 1)
        {
            hardState(group, new HardState(new Term(reader.Count()), new NodeId((int)reader.Count())));
        }
        else
        {
            entry(group, new LogEntry(
                new Term(reader.Count()), new LogIndex(reader.Count()), (EntryKind)reader.Byte(), reader.BlobMemory()));
        }
    }

    private void Frame(ByteBuffer frame)
    {
        _staged.Fixed32((uint)frame.Length);
        _staged.Fixed32(Crc32C.Of(frame.Written));
        _staged.Raw(frame.Written);
    }

    private sealed class Flush(IDiskFile file, long at, ByteBuffer bytes) : IBackgroundWork
    {
        private bool _written;

        public bool Step()
        {
            if (!_written)
            {
                file.Write(at, bytes.Written);
                _written = true;
                return true;
            }

            file.Sync();
            return false;
        }
    }
}

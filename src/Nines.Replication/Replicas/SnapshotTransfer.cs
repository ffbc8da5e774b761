using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>What a receiver tells the sender of a snapshot. On the wire: append only.</summary>
internal enum SnapshotVerdict : byte
{
    /// <summary>Send on from the given place.</summary>
    Going = 0,

    /// <summary>Installed, or not needed any more.</summary>
    Done = 1,

    Failed = 2,
}

/// <summary>A snapshot on its way out. Its files one after the other are one stream of bytes.</summary>
internal sealed class SnapshotSending(Replica replica, NodeId peer, ulong id, StoreSnapshot snapshot, long now)
{
    private int _file;
    private long _offset;

    public Replica Replica { get; } = replica;

    public NodeId Peer { get; } = peer;

    public ulong Id { get; } = id;

    public StoreSnapshot Snapshot { get; } = snapshot;

    public long LastProgress { get; set; } = now;

    /// <summary>For a replica whose state is damaged; its leader's progress has nothing to do with it.</summary>
    public bool IsRepair { get; init; }

    /// <summary>Bytes of the stream that were handed over.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes the receiver has written.</summary>
    public long Acknowledged { get; private set; }

    public void Acknowledge(long received)
    {
        Acknowledged = received;
        if (Sent < received)
        {
            Seek(received);
        }
    }

    /// <summary>Starts again from what was acknowledged.</summary>
    public void Rewind() => Seek(Acknowledged);

    /// <summary>Reads on in the stream, never over the end of a file.</summary>
    public int ReadNext(Span<byte> chunk)
    {
        while (_offset == Snapshot.Files[_file].Length)
        {
            _file++;
            _offset = 0;
        }

        int count = Snapshot.Read(_file, _offset, chunk[..(int)Math.Min(chunk.Length, Snapshot.Files[_file].Length - _offset)]);
        Invariant.Assert(count > 0);
        _offset += count;
        Sent += count;
        return count;
    }

    private void Seek(long position)
    {
        Sent = position;
        _file = 0;
        while (_file < Snapshot.Files.Count - 1 && position >= Snapshot.Files[_file].Length)
        {
            position -= Snapshot.Files[_file].Length;
            _file++;
        }

        _offset = position;
    }
}

/// <summary>A snapshot on its way in.</summary>
internal sealed class SnapshotReceiving(Replica replica, NodeId from, ulong id, Term term, SnapshotReceiver receiver)
{
    private int _file;
    private long _offset;

    public Replica Replica { get; } = replica;

    public NodeId From { get; } = from;

    public ulong Id { get; } = id;

    /// <summary>The leader's term when it began.</summary>
    public Term Term { get; } = term;

    public SnapshotReceiver Receiver { get; } = receiver;

    public long LastProgress { get; set; }

    /// <summary>Bytes of the stream that were written.</summary>
    public long Received { get; private set; }

    /// <summary>The core took it; nothing is received any more.</summary>
    public bool IsInstalling { get; set; }

    public bool IsStarted { get; set; }

    public bool IsComplete => _file == Receiver.Files.Count;

    /// <summary>Writes the next piece; it never goes over the end of a file. False: it does not fit.</summary>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (IsComplete || bytes.IsEmpty || !Receiver.Write(_file, _offset, bytes))
        {
            return false;
        }

        _offset += bytes.Length;
        Received += bytes.Length;
        if (_offset == Receiver.Files[_file].Length)
        {
            _file++;
            _offset = 0;
        }

        return true;
    }
}

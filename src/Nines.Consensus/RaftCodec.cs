using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>
/// Bytes of Raft messages. Layout: kind (1), from, to, term (varints), then by kind, see <see cref="Write"/>. Entries: term, kind (1), payload
/// (length-prefixed); their indexes follow from the position before them.
/// </summary>
public static class RaftCodec
{
    private const int MinEntryBytes = 3;

    /// <summary>Encodes a message; the entries of an Append come from the sender's log, in the same turn.</summary>
    public static void Write(in RaftMessage message, RaftLog log, ByteBuffer to)
    {
        to.Byte((byte)message.Kind);
        to.Count(message.From.Value);
        to.Count(message.To.Value);
        to.Count(message.Term.Value);
        switch (message.Kind)
        {
            case RaftMessageKind.PreVote or RaftMessageKind.Vote:
                WritePosition(message.Position, to);
                to.Byte(message.Flag ? (byte)1 : (byte)0);
                break;
            case RaftMessageKind.PreVoteAnswer or RaftMessageKind.VoteAnswer:
                to.Byte(message.Flag ? (byte)1 : (byte)0);
                break;
            case RaftMessageKind.Append:
                WritePosition(message.Position, to);
                to.Count(message.Commit.Value);
                WriteEntries(message, log, to);
                break;
            case RaftMessageKind.AppendAnswer:
                to.Byte(message.Flag ? (byte)1 : (byte)0);
                WritePosition(message.Position, to);
                to.Count(message.Refused.Value);
                break;
            case RaftMessageKind.Heartbeat:
                to.Count(message.Commit.Value);
                to.Varint(message.Round);
                break;
            case RaftMessageKind.HeartbeatAnswer:
                to.Varint(message.Round);
                break;
            case RaftMessageKind.TimeoutNow:
                break;
            case RaftMessageKind.Snapshot:
                throw new InvariantBrokenException("a snapshot travels as files; its message is made by the receiver");
        }
    }

    /// <summary>
    /// Decodes a message. Payloads are slices of <paramref name="bytes"/>; entries go into <paramref name="entries"/>, which the message
    /// refers to. False for anything malformed: a bad kind, a length beyond the end, bytes left over, indexes out of range.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, List<LogEntry> entries, out RaftMessage message)
    {
        var reader = new ByteReader(bytes);
        var kind = (RaftMessageKind)reader.Byte();
        var from = new NodeId(ReadInt(ref reader));
        var to = new NodeId(ReadInt(ref reader));
        var term = new Term(ReadBounded(ref reader));
        message = default;
        switch (kind)
        {
            case RaftMessageKind.PreVote or RaftMessageKind.Vote:
                message = RaftMessage.Vote(
                    from, to, term, ReadPosition(ref reader), kind == RaftMessageKind.PreVote, ReadFlag(ref reader));
                break;
            case RaftMessageKind.PreVoteAnswer or RaftMessageKind.VoteAnswer:
                message = RaftMessage.VoteAnswer(from, to, term, kind == RaftMessageKind.PreVoteAnswer, ReadFlag(ref reader));
                break;
            case RaftMessageKind.Append:
                LogPosition previous = ReadPosition(ref reader);
                var commit = new LogIndex(ReadBounded(ref reader));
                ReadEntries(ref reader, previous, term, entries);
                message = RaftMessage.Append(from, to, term, previous, entries.Count, commit, entries);
                break;
            case RaftMessageKind.AppendAnswer:
                bool accepted = ReadFlag(ref reader);
                LogPosition position = ReadPosition(ref reader);
                var refused = new LogIndex(ReadBounded(ref reader));
                message = accepted
                    ? RaftMessage.AppendAnswer(from, to, term, position.Index)
                    : RaftMessage.AppendRefused(from, to, term, refused, position);
                if (!accepted && refused == LogIndex.Zero)
                {
                    reader.Fail();
                }

                break;
            case RaftMessageKind.Heartbeat:
                message = RaftMessage.Heartbeat(from, to, term, new(ReadBounded(ref reader)), ReadRound(ref reader));
                break;
            case RaftMessageKind.HeartbeatAnswer:
                message = RaftMessage.HeartbeatAnswer(from, to, term, ReadRound(ref reader));
                break;
            case RaftMessageKind.TimeoutNow:
                message = RaftMessage.TimeoutNow(from, to, term);
                break;
            default:
                reader.Fail();
                break;
        }

        return reader.IsComplete && !from.IsNone && !to.IsNone;
    }

    private static void WriteEntries(in RaftMessage message, RaftLog log, ByteBuffer to)
    {
        to.Count(message.Count);
        for (int i = 1; i <= message.Count; i++)
        {
            Invariant.Assert(log.TryGet(message.Position.Index + i, out LogEntry entry));
            to.Count(entry.Term.Value);
            to.Byte((byte)entry.Kind);
            to.Blob(entry.Payload.Span);
        }
    }

    private static void ReadEntries(ref ByteReader reader, LogPosition previous, Term leaderTerm, List<LogEntry> entries)
    {
        entries.Clear();
        Term last = previous.Term;
        int count = reader.Items(MinEntryBytes);
        for (int i = 1; i <= count && !reader.Failed; i++)
        {
            var term = new Term(ReadBounded(ref reader));
            var kind = (EntryKind)reader.Byte();
            ReadOnlyMemory<byte> payload = reader.BlobMemory();
            bool wellFormed = term >= last && term <= leaderTerm && kind <= EntryKind.Configuration
                && (kind != EntryKind.Configuration || Configuration.TryRead(payload.Span, out _));
            if (!wellFormed)
            {
                reader.Fail();
                return;
            }

            last = term;
            entries.Add(new(term, previous.Index + i, kind, payload));
        }
    }

    private static void WritePosition(LogPosition position, ByteBuffer to)
    {
        to.Count(position.Term.Value);
        to.Count(position.Index.Value);
    }

    private static LogPosition ReadPosition(ref ByteReader reader) =>
        new(new(ReadBounded(ref reader)), new(ReadBounded(ref reader)));

    /// <summary>Terms, indexes and rounds stay far from overflow, whatever the bytes say.</summary>
    private static long ReadBounded(ref ByteReader reader)
    {
        long value = reader.Count();
        if (value > long.MaxValue / 4)
        {
            reader.Fail();
            return 0;
        }

        return value;
    }

    private static ulong ReadRound(ref ByteReader reader) => (ulong)ReadBounded(ref reader);

    private static bool ReadFlag(ref ByteReader reader)
    {
        byte flag = reader.Byte();
        if (flag > 1)
        {
            reader.Fail();
        }

        return flag == 1;
    }

    private static int ReadInt(ref ByteReader reader)
    {
        long value = reader.Count();
        if (value > int.MaxValue)
        {
            reader.Fail();
            return 0;
        }

        return (int)value;
    }
}

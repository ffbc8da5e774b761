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
        var from = reader.Node();
        var to = reader.Node();
        var term = reader.Term();
        message = default;
        switch (kind)
        {
            case RaftMessageKind.PreVote or RaftMessageKind.Vote:
                message = RaftMessage.Vote(
                    from, to, term, reader.Position(), kind == RaftMessageKind.PreVote, reader.Flag());
                break;
            case RaftMessageKind.PreVoteAnswer or RaftMessageKind.VoteAnswer:
                message = RaftMessage.VoteAnswer(from, to, term, kind == RaftMessageKind.PreVoteAnswer, reader.Flag());
                break;
            case RaftMessageKind.Append:
                LogPosition previous = reader.Position();
                var commit = reader.Index();
                ReadEntries(ref reader, previous, term, entries);
                message = RaftMessage.Append(from, to, term, previous, entries.Count, commit, entries);
                break;
            case RaftMessageKind.AppendAnswer:
                bool accepted = reader.Flag();
                LogPosition position = reader.Position();
                var refused = reader.Index();
                message = accepted
                    ? RaftMessage.AppendAnswer(from, to, term, position.Index)
                    : RaftMessage.AppendRefused(from, to, term, refused, position);
                if (!accepted && refused == LogIndex.Zero)
                {
                    reader.Fail();
                }

                break;
            case RaftMessageKind.Heartbeat:
                message = RaftMessage.Heartbeat(from, to, term, reader.Index(), (ulong)reader.Counted());
                break;
            case RaftMessageKind.HeartbeatAnswer:
                message = RaftMessage.HeartbeatAnswer(from, to, term, (ulong)reader.Counted());
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
            var term = reader.Term();
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
}

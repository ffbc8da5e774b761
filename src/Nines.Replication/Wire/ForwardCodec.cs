using Nines.Kernel;

namespace Nines.Replication.Wire;

/// <summary>A request on its way to the node that leads its group.</summary>
internal readonly record struct Forward
{
    /// <summary>The sender's own number for the request; the answer carries it back.</summary>
    public ulong Sequence { get; init; }

    public GroupId Group { get; init; }

    public byte Machine { get; init; }

    public bool IsWrite { get; init; }

    public Consistency Consistency { get; init; }

    public LogIndex NotBefore { get; init; }

    public RequestId Id { get; init; }

    /// <summary>Ticks the request may still take.</summary>
    public long TicksLeft { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }
}

/// <summary>Bytes of forwarded requests and their answers.</summary>
internal static class ForwardCodec
{
    public static void Write(in Forward forward, ByteBuffer to)
    {
        to.Fixed64(forward.Sequence);
        to.Count(forward.Group.Value);
        to.Byte(forward.Machine);
        to.Byte((byte)((forward.IsWrite ? 0x80 : 0) | (int)forward.Consistency));
        to.Count(forward.NotBefore.Value);
        WriteId(forward.Id, to);
        to.Count(forward.TicksLeft);
        to.Blob(forward.Body.Span);
    }

    public static bool TryRead(ReadOnlyMemory<byte> body, out Forward forward)
    {
        var reader = new ByteReader(body);
        ulong sequence = reader.Fixed64();
        GroupId group = reader.Group();
        byte machine = reader.Byte();
        byte flags = reader.Byte();
        LogIndex notBefore = reader.Index();
        RequestId id = ReadId(ref reader);
        long ticks = reader.Counted();
        ReadOnlyMemory<byte> bytes = reader.BlobMemory();
        forward = new()
        {
            Sequence = sequence,
            Group = group,
            Machine = machine,
            IsWrite = (flags & 0x80) != 0,
            Consistency = (Consistency)(flags & 0x03),
            NotBefore = notBefore,
            Id = id,
            TicksLeft = ticks,
            Body = bytes,
        };
        return reader.IsComplete && (flags & 0x7F) <= (int)Consistency.Strong;
    }

    public static void WriteAnswer(ulong sequence, in Answer answer, ByteBuffer to)
    {
        to.Fixed64(sequence);
        to.Byte((byte)answer.Outcome);
        to.Byte((byte)answer.Reason);
        to.Count(answer.Group.Value);
        to.Count(answer.Term.Value);
        to.Count(answer.Position.Value);
        to.Count(answer.StalenessMs + 1);
        to.Count(answer.RetryAfterMs);
        to.Blob(answer.Body.Span);
    }

    public static bool TryReadAnswer(ReadOnlyMemory<byte> body, out ulong sequence, out Answer answer)
    {
        var reader = new ByteReader(body);
        sequence = reader.Fixed64();
        byte outcome = reader.Byte();
        byte reason = reader.Byte();
        GroupId group = reader.Group();
        Term term = reader.Term();
        LogIndex position = reader.Index();
        long staleness = reader.Counted();
        int retry = reader.SmallCount();
        ReadOnlyMemory<byte> bytes = reader.BlobMemory();
        answer = new()
        {
            Outcome = (Outcome)outcome,
            Reason = (Reason)reason,
            Group = group,
            Term = term,
            Position = position,
            StalenessMs = staleness - 1,
            RetryAfterMs = retry,
            Body = bytes,
        };
        return reader.IsComplete && outcome <= (byte)Outcome.Unknown && reason <= (byte)Reason.Unavailable;
    }

    public static void WriteRefusal(ulong sequence, GroupId group, NodeId leader, bool mayHaveHappened, ByteBuffer to)
    {
        to.Fixed64(sequence);
        to.Count(group.Value);
        to.Count(leader.Value);
        to.Byte(mayHaveHappened ? (byte)1 : (byte)0);
    }

    public static bool TryReadRefusal(
        ReadOnlyMemory<byte> body, out ulong sequence, out NodeId leader, out bool mayHaveHappened)
    {
        var reader = new ByteReader(body);
        sequence = reader.Fixed64();
        _ = reader.Group();
        leader = reader.Node();
        mayHaveHappened = reader.Flag();
        return reader.IsComplete;
    }

    public static void WriteId(RequestId id, ByteBuffer to)
    {
        to.Fixed64((ulong)(id.Value >> 64));
        to.Fixed64((ulong)id.Value);
    }

    public static RequestId ReadId(ref ByteReader reader)
    {
        ulong high = reader.Fixed64();
        ulong low = reader.Fixed64();
        return new(new UInt128(high, low));
    }
}

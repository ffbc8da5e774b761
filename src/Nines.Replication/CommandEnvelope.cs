using Nines.Kernel;
using Nines.Replication.Wire;

namespace Nines.Replication;

/// <summary>
/// What a command entry's payload looks like in the log: version 1, machine, request id (16 bytes), the leader's wall clock in
/// milliseconds (varint), the group's session clock (varint), then the command.
/// </summary>
internal readonly record struct CommandEnvelope(
    byte Machine, RequestId Id, long TimeMs, long SessionMs, ReadOnlyMemory<byte> Command)
{
    private const byte Version = 1;
    private const int MaxHeaderBytes = 1 + 1 + 16 + 10 + 10;

    public static byte[] Encode(
        byte machine, RequestId id, long timeMs, long sessionMs, ReadOnlySpan<byte> command, ByteBuffer scratch)
    {
        scratch.Clear();
        scratch.GetSpan(MaxHeaderBytes + command.Length);
        scratch.Byte(Version);
        scratch.Byte(machine);
        ForwardCodec.WriteId(id, scratch);
        scratch.Count(timeMs);
        scratch.Count(sessionMs);
        scratch.Raw(command);
        return scratch.ToArray();
    }

    public static bool TryDecode(ReadOnlyMemory<byte> payload, out CommandEnvelope envelope)
    {
        var reader = new ByteReader(payload);
        bool known = reader.Byte() == Version;
        byte machine = reader.Byte();
        RequestId id = ForwardCodec.ReadId(ref reader);
        long time = reader.Counted();
        long session = reader.Counted();
        envelope = new(machine, id, time, session, payload[reader.Offset..]);
        return known && !reader.Failed;
    }
}

using Nines.Kernel;

namespace Nines.Replication.Placement;

/// <summary>
/// The state machine of the control group: the slot map, replaced only by a committed command that names the epoch it
/// replaces. Commands: 1, expected epoch (varint), map. Queries: empty, the answer is the map.
/// Answers to commands: 0 done, 1 another epoch is in force, 2 malformed; then the epoch in force (varint).
/// </summary>
public sealed class ControlMachine : IStateMachine
{
    public const byte MachineId = 1;
    private const byte ReplaceMap = 1;

    public byte Id => MachineId;

    private static ReadOnlySpan<byte> MapKey => "map"u8;

    /// <summary>Encodes "replace the map of <paramref name="expectedEpoch"/> (0: there is none yet) by this one".</summary>
    public static byte[] Replace(long expectedEpoch, SlotMap map)
    {
        var buffer = new ByteBuffer(4096);
        buffer.Byte(ReplaceMap);
        buffer.Count(expectedEpoch);
        map.Write(buffer);
        return buffer.ToArray();
    }

    public static bool Replaced(ReadOnlySpan<byte> answer) => answer is [0, ..];

    /// <summary>The map in a control group's state (seen through the machine's own prefix); null when none was agreed yet.</summary>
    public static SlotMap? MapIn(IOrderedReader state) =>
        state.TryGet(MapKey, out ReadOnlyMemory<byte> bytes) ? SlotMap.TryRead(bytes.Span) : null;

    public void Apply(in CommandContext context, ReadOnlyMemory<byte> command, IOrderedState state, ByteBuffer answer)
    {
        var reader = new ByteReader(command);
        byte kind = reader.Byte();
        long expected = reader.Count();
        SlotMap? map = kind == ReplaceMap && !reader.Failed ? SlotMap.TryRead(command.Span[reader.Offset..]) : null;
        long inForce = MapIn(state)?.Epoch ?? 0;
        if (map is null || map.Epoch <= inForce)
        {
            answer.Byte(map is null ? (byte)2 : (byte)1);
        }
        else if (expected != inForce)
        {
            answer.Byte(1);
        }
        else
        {
            var bytes = new ByteBuffer(4096);
            map.Write(bytes);
            state.Put(MapKey, bytes.Written);
            inForce = map.Epoch;
            answer.Byte(0);
        }

        answer.Count(inForce);
    }

    public void Query(ReadOnlyMemory<byte> query, IOrderedReader state, ByteBuffer answer)
    {
        if (state.TryGet(MapKey, out ReadOnlyMemory<byte> bytes))
        {
            answer.Raw(bytes.Span);
        }
    }
}

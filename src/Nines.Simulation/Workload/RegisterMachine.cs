using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>Hears of every command that a replica's state machine applies, at the moment it does.</summary>
public interface IApplyObserver
{
    void Applied(NodeId node, in AppliedCommand command);
}

/// <summary>One applied command as the state machine of one replica saw it: the log as oracle.</summary>
/// <param name="Group">Named in the command itself.</param>
/// <param name="Position">Its place in the group's log.</param>
/// <param name="Value">The operation's unique value.</param>
/// <param name="Digest">A checksum of the command's bytes.</param>
/// <param name="Chain">Hash over all commands up to this one, kept in the replicated state.</param>
/// <param name="TookEffect">False when its condition failed.</param>
public readonly record struct AppliedCommand(
    GroupId Group, LogIndex Position, ulong Value, uint Digest, ulong Chain, bool TookEffect);

/// <summary>
/// The state machine of the simulation: one register per key with put, compare-and-set and delete. The state carries a hash over
/// its contents and one over its history, so that any two replicas can be compared by one small record, and a full scan can
/// be compared with what the record says the contents should be.
/// <para>
/// State: 'k' key (4 bytes, big-endian) → value, version, padding. 'h' → contents hash, history hash, last position.
/// </para>
/// </summary>
public sealed class RegisterMachine(NodeId node, IApplyObserver? observer = null) : IStateMachine
{
    public const byte MachineId = 9;

    private static readonly byte[] _summaryKey = "h"u8.ToArray();

    public byte Id => MachineId;

    public void Apply(in CommandContext context, ReadOnlyMemory<byte> command, IOrderedState state, ByteBuffer answer)
    {
        if (!RegisterCommand.TryDecode(command.Span, out RegisterCommand decoded))
        {
            RegisterAnswer.Malformed.Encode(answer);
            return;
        }

        Span<byte> key = stackalloc byte[RegisterState.KeySize];
        RegisterState.WriteKey(decoded.Key, key);
        RegisterState previous = RegisterState.Read(state, key);
        StateSummary summary = StateSummary.Read(state, _summaryKey);
        bool takesEffect = decoded.Kind != OperationKind.CompareAndSet || previous.Version == decoded.ExpectedVersion;
        if (takesEffect)
        {
            summary = Change(context, decoded, previous, key, state, summary);
        }

        uint digest = Crc32C.Of(command.Span);
        summary = summary.After(context.Position, digest, takesEffect);
        summary.Write(state, _summaryKey);
        new RegisterAnswer(
            takesEffect ? RegisterStatus.Done : RegisterStatus.ConditionFailed,
            context.Position.Value, previous.Found, previous.Value, previous.Version, summary.Chain, IsIntact: true)
            .Encode(answer);
        observer?.Applied(node, new AppliedCommand(
            decoded.Group, context.Position, decoded.Value, digest, summary.Chain, takesEffect));
    }

    public void Query(ReadOnlyMemory<byte> query, IOrderedReader state, ByteBuffer answer)
    {
        ByteReader reader = new(query);
        byte what = reader.Byte();
        if (what == RegisterQuery.Get)
        {
            int number = (int)reader.Fixed32();
            Span<byte> key = stackalloc byte[RegisterState.KeySize];
            RegisterState.WriteKey(number, key);
            RegisterState found = RegisterState.Read(state, key);
            StateSummary summary = StateSummary.Read(state, _summaryKey);
            new RegisterAnswer(
                RegisterStatus.Done, summary.LastPosition, found.Found, found.Value, found.Version, summary.Chain,
                found.IsIntact).Encode(answer);
        }
        else
        {
            Scan(state).Encode(answer);
        }
    }

    private static StateSummary Change(
        in CommandContext context,
        in RegisterCommand command,
        in RegisterState previous,
        ReadOnlySpan<byte> key,
        IOrderedState state,
        StateSummary summary)
    {
        if (previous.Found)
        {
            summary = summary.Without(previous.Hash(command.Key));
        }

        if (command.Kind == OperationKind.Delete)
        {
            state.Delete(key);
            return summary;
        }

        RegisterState next = new(true, command.Value, context.Position.Value, command.Padding, IsIntact: true);
        next.Write(state, key);
        return summary.With(next.Hash(command.Key));
    }

    private static StateScan Scan(IOrderedReader state)
    {
        StateSummary summary = StateSummary.Read(state, _summaryKey);
        ulong contents = 0;
        int count = 0;
        bool intact = true;
        using IOrderedCursor cursor = state.Range("k"u8, "l"u8);
        while (cursor.MoveNext())
        {
            RegisterState found = RegisterState.Decode(cursor.Value.Span);
            int key = (int)BinaryPrimitives.ReadUInt32BigEndian(cursor.Key[1..]);
            contents = unchecked(contents + found.Hash(key));
            intact &= found.IsIntact;
            count++;
        }

        return new StateScan(contents, summary.Contents, summary.Chain, summary.LastPosition, count, intact);
    }
}

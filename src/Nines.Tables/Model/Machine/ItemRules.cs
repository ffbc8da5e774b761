using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>Items of a data group: reads and writes of one item each, checked against the group's own registration of the table.</summary>
internal static class ItemRules
{
    // Both key parts at their limits with every byte escaped, and some room.
    private const int KeyBytesMax = 8192;

    public static void Write(
        TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        var flags = (ItemFlags)command.Byte();
        var returns = (ReturnValues)command.Byte();
        ReadOnlySpan<byte> key = command.Blob();
        if (command.Failed || key.Length > KeyBytesMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TableRegistration.StateOf(tableId, state) != RegistrationState.Live)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + key.Length];
        Keyspace.ItemPrefix(tableId, place);
        key.CopyTo(place[Keyspace.ItemPrefixLength..]);
        ReadOnlyMemory<byte> old = default;
        if (returns == ReturnValues.AllOld)
        {
            state.TryGet(place, out old);
        }

        if (kind == TableCommandKind.PutItem)
        {
            state.Put(place, bytes.Span[command.Offset..]);
        }
        else
        {
            state.Delete(place);
        }

        TableAnswer.BeginItem(answer, (flags & ItemFlags.Measure) != 0 ? (0, 0) : null, !old.IsEmpty);
        answer.Raw(old.Span);
    }

    public static void Get(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        ulong tableId = query.Fixed64();
        var flags = (ItemFlags)query.Byte();
        ReadOnlySpan<byte> key = query.Blob();
        if (query.Failed || key.Length > KeyBytesMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TableRegistration.StateOf(tableId, state) != RegistrationState.Live)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + key.Length];
        Keyspace.ItemPrefix(tableId, place);
        key.CopyTo(place[Keyspace.ItemPrefixLength..]);
        bool found = state.TryGet(place, out ReadOnlyMemory<byte> item);
        TableAnswer.BeginItem(answer, (flags & ItemFlags.Measure) != 0 ? (0, 0) : null, found);
        answer.Raw(item.Span);
    }
}

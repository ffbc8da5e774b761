using System.Security.Cryptography;
using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;

namespace Nines.Tables.Engines.Transactions;

/// <summary>The operations of a transaction that are about items of one group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Places">Which of the transaction's operations, in ascending order.</param>
/// <param name="Operations">Their commands.</param>
internal sealed record GroupPart(GroupId Group, List<int> Places, List<ReadOnlyMemory<byte>> Operations);

/// <summary>A transaction's operations as commands, by group.</summary>
internal sealed class TransactionParts
{
    private readonly List<GroupPart> _parts = [];

    private TransactionParts(int count) => Count = count;

    /// <summary>How many operations there are.</summary>
    public int Count { get; }

    /// <summary>The parts, in the order of their groups.</summary>
    public IReadOnlyList<GroupPart> Parts => _parts;

    /// <summary>Two operations are about the same item.</summary>
    public bool HasRepeatedItem { get; private set; }

    /// <summary>What the transaction is, so that a token that is used for another one is noticed; zero when nobody needs to know.</summary>
    public UInt128 Fingerprint { get; private set; }

    /// <summary>Every operation as it is to stand in its group's log. The operations fit their schemas.</summary>
    public static TransactionParts Of(
        IReplicated replicated, IReadOnlyList<ItemRequest> operations, IReadOnlyList<TableSchema> schemas, bool isIdentified,
        Action<ByteBuffer, TableSchema, ItemKey, ItemRequest> write)
    {
        var parts = new TransactionParts(operations.Count);
        HashSet<string>? seen = operations.Count > 1 ? new(operations.Count, StringComparer.Ordinal) : null;
        ByteBuffer all = BufferPool.Shared.Rent();
        for (int i = 0; i < operations.Count; i++)
        {
            byte[] command = parts.Add(replicated, i, operations[i], schemas[i], write, seen);
            all.Blob(command);
        }

        parts._parts.Sort(static (a, b) => a.Group.Value.CompareTo(b.Group.Value));
        if (isIdentified)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            _ = SHA256.HashData(all.Written, digest);
            parts.Fingerprint = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(digest);
        }

        BufferPool.Shared.Return(all);
        return parts;
    }

    private byte[] Add(
        IReplicated replicated, int place, ItemRequest operation, TableSchema schema,
        Action<ByteBuffer, TableSchema, ItemKey, ItemRequest> write, HashSet<string>? seen)
    {
        ByteBuffer key = BufferPool.Shared.Rent();
        ByteBuffer command = BufferPool.Shared.Rent();
        KeyRules.Partition(schema, operation.Item, key);
        int slot = Slots.Of(key.Written);
        KeyRules.Sort(schema, operation.Item, key);
        HasRepeatedItem |= seen?.Add(Convert.ToHexString(key.Written)) == false;
        write(command, schema, new ItemKey(slot, key.Written[KeyRules.TableIdLength..]), operation);
        byte[] bytes = command.ToArray();
        BufferPool.Shared.Return(key);
        BufferPool.Shared.Return(command);

        GroupId group = replicated.GroupOf(slot);
        GroupPart? part = _parts.Find(known => known.Group == group);
        if (part is null)
        {
            part = new GroupPart(group, [], []);
            _parts.Add(part);
        }

        part.Places.Add(place);
        part.Operations.Add(bytes);
        return bytes;
    }
}

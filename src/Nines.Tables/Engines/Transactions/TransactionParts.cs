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
    private readonly SortedDictionary<int, GroupPart> _parts = [];

    private TransactionParts(int count) => Count = count;

    /// <summary>How many operations there are.</summary>
    public int Count { get; }

    /// <summary>The parts, in the order of their groups.</summary>
    public IReadOnlyCollection<GroupPart> Parts => _parts.Values;

    /// <summary>Two operations are about the same item.</summary>
    public bool HasRepeatedItem { get; private set; }

    /// <summary>What the transaction is, so that a token that is used for another one is noticed.</summary>
    public UInt128 Fingerprint { get; private set; }

    /// <summary>Every operation as it is to stand in its group's log. The operations fit their schemas.</summary>
    public static TransactionParts Of(
        IReplicated replicated, IReadOnlyList<ItemRequest> operations, IReadOnlyList<TableSchema> schemas, Action<ByteBuffer, TableSchema, ItemKey, ItemRequest> write)
    {
        var parts = new TransactionParts(operations.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < operations.Count; i++)
        {
            byte[] command = parts.Add(replicated, i, operations[i], schemas[i], write, seen);
            hash.AppendData(command);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _ = hash.GetHashAndReset(digest);
        parts.Fingerprint = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(digest);
        return parts;
    }

    private byte[] Add(
        IReplicated replicated, int place, ItemRequest operation, TableSchema schema,
        Action<ByteBuffer, TableSchema, ItemKey, ItemRequest> write, HashSet<string> seen)
    {
        ByteBuffer key = BufferPool.Shared.Rent();
        ByteBuffer command = BufferPool.Shared.Rent();
        KeyRules.Partition(schema, operation.Item, key);
        int slot = Slots.Of(key.Written);
        KeyRules.Sort(schema, operation.Item, key);
        HasRepeatedItem |= !seen.Add(Convert.ToHexString(key.Written));
        write(command, schema, new ItemKey(slot, key.Written[KeyRules.TableIdLength..]), operation);
        byte[] bytes = command.ToArray();
        BufferPool.Shared.Return(key);
        BufferPool.Shared.Return(command);

        GroupId group = replicated.GroupOf(slot);
        if (!_parts.TryGetValue(group.Value, out GroupPart? part))
        {
            part = new GroupPart(group, [], []);
            _parts.Add(group.Value, part);
        }

        part.Places.Add(place);
        part.Operations.Add(bytes);
        return bytes;
    }
}

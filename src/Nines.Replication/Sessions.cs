using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Replication;

/// <summary>
/// The first answer of every request id, kept in the group's own replicated state behind the platform's key prefix, hence in
/// tables and snapshots too. A command whose id is found has no effect and gets that answer (Ongaro, section 6.3, with ids in place
/// of client sequence numbers, because existing clients register nowhere).
/// <para>
/// A record counts for <see cref="ReactorOptions.SessionWindowMs"/> of the group's session clock. Compaction drops it some time
/// later, which nobody can observe: an old record is treated as absent anyway.
/// </para>
/// Key: 0x00 'S' id (16 bytes). Value: time (8 bytes), log index (8 bytes), answer.
/// </summary>
internal static class Sessions
{
    /// <summary>The prefix of everything the platform itself keeps in a group's state.</summary>
    public const byte Platform = 0x00;

    private const byte SessionTag = (byte)'S';
    private const int KeyBytes = 18;
    private const int HeaderBytes = 16;

    public static bool TryFind(
        IOrderedReader state, RequestId id, long nowMs, long windowMs, out LogIndex position, out ReadOnlyMemory<byte> answer)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        WriteKey(id, key);
        position = default;
        answer = default;
        if (!state.TryGet(key, out ReadOnlyMemory<byte> value) || value.Length < HeaderBytes)
        {
            return false;
        }

        if (nowMs - BinaryPrimitives.ReadInt64LittleEndian(value.Span) > windowMs)
        {
            return false;
        }

        position = new(BinaryPrimitives.ReadInt64LittleEndian(value.Span[8..]));
        answer = value[HeaderBytes..];
        return true;
    }

    public static void Remember(
        IOrderedState state, RequestId id, long nowMs, LogIndex position, ReadOnlySpan<byte> answer, ByteBuffer scratch)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        WriteKey(id, key);
        scratch.Clear();
        scratch.Fixed64((ulong)nowMs);
        scratch.Fixed64((ulong)position.Value);
        scratch.Raw(answer);
        state.Put(key, scratch.Written);
    }

    /// <summary>True for a session record that is past its window at <paramref name="nowMs"/>: compaction may drop it.</summary>
    public static bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long nowMs, long windowMs) =>
        key.Length == KeyBytes && key[0] == Platform && key[1] == SessionTag && value.Length >= HeaderBytes
        && nowMs - BinaryPrimitives.ReadInt64LittleEndian(value) > windowMs;

    private static void WriteKey(RequestId id, Span<byte> key)
    {
        key[0] = Platform;
        key[1] = SessionTag;
        BinaryPrimitives.WriteUInt128BigEndian(key[2..], id.Value);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nines.Kernel;

namespace Nines.Tables.Engines;

/// <summary>
/// Ids that make a write happen once. All sends of one SDK call carry the same invocation id; together with what exactly is
/// written it names one command, so that the items of a batch, and the commands of one request, never share an id.
/// Without an invocation id every command is a new one, whose id the platform draws.
/// </summary>
internal static class RequestIds
{
    /// <summary>A table's identity as clients see it.</summary>
    public static UInt128 FreshUuid() => BinaryPrimitives.ReadUInt128LittleEndian(RandomNumberGenerator.GetBytes(16));

    /// <summary>The id of one command of a call.</summary>
    /// <param name="invocation">The SDK's id, or zero.</param>
    /// <param name="operation">What kind of command.</param>
    /// <param name="subject">The item's partition and key, or the table's name.</param>
    /// <param name="attempt">
    /// Counts the commands a call had to send for one subject because the first was answered "unknown table": that answer belongs to
    /// the first id for good.
    /// </param>
    public static RequestId Of(UInt128 invocation, byte operation, ReadOnlySpan<byte> subject, byte attempt)
    {
        if (invocation == UInt128.Zero)
        {
            return RequestId.None;
        }

        const int Head = 18;
        Span<byte> input = subject.Length <= 512 ? stackalloc byte[Head + subject.Length] : new byte[Head + subject.Length];
        BinaryPrimitives.WriteUInt128LittleEndian(input, invocation);
        input[16] = operation;
        input[17] = attempt;
        subject.CopyTo(input[Head..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(input, hash);
        return new RequestId(BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }

    /// <summary>What a client's token is to the groups.</summary>
    public static UInt128 TokenOf(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>The id of a command about a table.</summary>
    public static RequestId Of(UInt128 invocation, byte operation, string name) => Of(invocation, operation, Encoding.UTF8.GetBytes(name), 0);
}

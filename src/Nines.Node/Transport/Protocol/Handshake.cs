using Nines.Kernel;

namespace Nines.Node.Transport.Protocol;

/// <summary>Why a connection was refused or cut. The numbers are on the wire: append only.</summary>
public enum LinkVerdict : byte
{
    /// <summary>The connection is good, or there was none before.</summary>
    Accepted = 0,

    /// <summary>The first frame was no hello.</summary>
    NotANode = 1,

    /// <summary>The two sides speak different versions of the protocol.</summary>
    WrongVersion = 2,

    /// <summary>The two sides belong to different clusters.</summary>
    WrongCluster = 3,

    /// <summary>The dialer wanted another node than the one that answers here.</summary>
    WrongNode = 4,

    /// <summary>
    /// The dialer has started more often than it says, or another start with that number was seen: its data directory is a copy, or a
    /// second process uses its identity.
    /// </summary>
    OldBoot = 5,

    /// <summary>The dialer claims the identity of the node it called.</summary>
    SameNode = 6,

    /// <summary>A frame's length or checksum was wrong.</summary>
    Damaged = 7,

    /// <summary>The other side took the bytes too slowly.</summary>
    TooSlow = 8,

    /// <summary>The node is stopping.</summary>
    Stopping = 9,

    /// <summary>A newer connection of the same node took the place of this one.</summary>
    Replaced = 10,
}

/// <summary>
/// The first frame of a connection, from the dialer. It carries why the dialer cut the connection before: that one was
/// too full, or too broken, to say so on.
/// </summary>
public readonly record struct Hello(
    int Version, ClusterId Cluster, NodeId From, BootId Boot, NodeId To, LinkVerdict LastCut, string AdminUrl);

/// <summary>
/// What the accepting side sends: first the answer to the hello, later at most a last word before it closes the connection.
/// </summary>
/// <param name="Boot">That of the accepting side; with <see cref="LinkVerdict.OldBoot"/> the latest it has seen of the dialer.</param>
public readonly record struct HelloAnswer(
    int Version, LinkVerdict Verdict, ClusterId Cluster, NodeId From, BootId Boot, string AdminUrl, string Detail);

/// <summary>Encodes and decodes the two handshake messages; both travel as payloads of ordinary frames.</summary>
public static class Handshake
{
    /// <summary>Raised with every change that an older node would misread.</summary>
    public const int ProtocolVersion = 2;

    /// <summary>The largest handshake payload: what a stranger may make a node hold before it said who it is.</summary>
    public const int MaxPayloadBytes = 4 * 1024;

    private const uint HelloMagic = 0x4C48_394E; // "N9HL"
    private const uint AnswerMagic = 0x4E41_394E; // "N9AN"
    private const int MaxTextBytes = 1200;

    public static void Write(ByteBuffer to, in Hello hello)
    {
        to.Fixed32(HelloMagic);
        to.Count(hello.Version);
        Write(to, hello.Cluster);
        to.Fixed32((uint)hello.From.Value);
        Write(to, hello.Boot);
        to.Fixed32((uint)hello.To.Value);
        to.Byte((byte)hello.LastCut);
        Text(to, hello.AdminUrl);
    }

    public static void Write(ByteBuffer to, in HelloAnswer answer)
    {
        to.Fixed32(AnswerMagic);
        to.Count(answer.Version);
        to.Byte((byte)answer.Verdict);
        Write(to, answer.Cluster);
        to.Fixed32((uint)answer.From.Value);
        Write(to, answer.Boot);
        Text(to, answer.AdminUrl);
        Text(to, answer.Detail);
    }

    /// <summary>False: these bytes are no hello. Of another version's hello only the version is read.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Hello hello)
    {
        hello = default;
        var reader = new ByteReader(bytes);
        if (reader.Fixed32() != HelloMagic || !TryVersion(ref reader, out int version))
        {
            return false;
        }

        if (version != ProtocolVersion)
        {
            hello = new Hello(version, default, default, default, default, default, "");
            return true;
        }

        hello = new Hello(
            version,
            Cluster(ref reader),
            new NodeId((int)reader.Fixed32()),
            Boot(ref reader),
            new NodeId((int)reader.Fixed32()),
            (LinkVerdict)reader.Byte(),
            Text(ref reader));
        return reader.IsComplete && hello.From.Value > 0 && hello.Boot.Value >= 0;
    }

    /// <summary>False: these bytes are no answer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HelloAnswer answer)
    {
        answer = default;
        var reader = new ByteReader(bytes);
        if (reader.Fixed32() != AnswerMagic || !TryVersion(ref reader, out int version))
        {
            return false;
        }

        if (version != ProtocolVersion)
        {
            answer = new HelloAnswer(version, LinkVerdict.WrongVersion, default, default, default, "", "");
            return true;
        }

        answer = new HelloAnswer(
            version,
            (LinkVerdict)reader.Byte(),
            Cluster(ref reader),
            new NodeId((int)reader.Fixed32()),
            Boot(ref reader),
            Text(ref reader),
            Text(ref reader));
        return reader.IsComplete && answer.Boot.Value >= 0;
    }

    private static bool TryVersion(ref ByteReader reader, out int version)
    {
        long value = reader.Count();
        version = (int)Math.Min(value, int.MaxValue);
        return !reader.Failed;
    }

    private static void Write(ByteBuffer to, ClusterId cluster)
    {
        to.Fixed64((ulong)(cluster.Value >> 64));
        to.Fixed64((ulong)cluster.Value);
    }

    private static void Write(ByteBuffer to, BootId boot)
    {
        to.Fixed64((ulong)boot.Value);
        to.Fixed64(boot.Nonce);
    }

    private static BootId Boot(ref ByteReader reader)
    {
        long value = (long)reader.Fixed64();
        return new BootId(value, reader.Fixed64());
    }

    private static ClusterId Cluster(ref ByteReader reader)
    {
        ulong high = reader.Fixed64();
        return new ClusterId(new UInt128(high, reader.Fixed64()));
    }

    private static void Text(ByteBuffer to, string text)
    {
        to.Text(text.Length <= MaxTextBytes / 4 ? text : text[..(MaxTextBytes / 4)]);
    }

    private static string Text(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Blob();
        if (bytes.Length > MaxTextBytes)
        {
            reader.Fail();
            return "";
        }

        // The text ends up in logs and tables of other machines: no control characters.
        Span<char> characters = stackalloc char[MaxTextBytes];
        int count = System.Text.Encoding.UTF8.GetChars(bytes, characters);
        foreach (ref char c in characters[..count])
        {
            c = char.IsControl(c) ? '?' : c;
        }

        return new string(characters[..count]);
    }
}

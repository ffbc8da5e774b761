using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Catalogue;

/// <summary>Which attributes an index has beside the keys of the table and its own. The numbers are stored: append only.</summary>
public enum ProjectionKind : byte
{
    /// <summary>KEYS_ONLY: none.</summary>
    KeysOnly = 1,

    /// <summary>INCLUDE: those it names.</summary>
    Include = 2,

    /// <summary>ALL.</summary>
    All = 3,
}

/// <summary>What a stream record shows of a changed item. The numbers are stored: append only.</summary>
public enum StreamView : byte
{
    /// <summary>KEYS_ONLY.</summary>
    KeysOnly = 1,

    /// <summary>NEW_IMAGE: the item after the change.</summary>
    NewImage = 2,

    /// <summary>OLD_IMAGE: the item before it.</summary>
    OldImage = 3,

    /// <summary>NEW_AND_OLD_IMAGES.</summary>
    NewAndOldImages = 4,
}

/// <summary>
/// A secondary index as writes see it. <see cref="Id"/> is made of the log index of the control group's command that added it and the
/// index's place in that command, so that no two indexes share one.
/// </summary>
public sealed record IndexShape(ulong Id, string Name, bool IsGlobal, KeyAttribute Hash, KeyAttribute? Range)
{
    private const int OrdinalBits = 8;
    private const byte IsGlobalFlag = 1;
    private const byte HasRange = 2;

    /// <summary>The first revision of the table's shape that had the index: one of that revision or above without it has lost it since.</summary>
    public static ulong RevisionOf(ulong id) => id >> OrdinalBits;

    /// <summary>The id of the n-th index that a command adds.</summary>
    public static ulong IdOf(LogIndex command, int ordinal)
    {
        Invariant.Assert(ordinal < 1 << OrdinalBits);
        return ((ulong)command.Value << OrdinalBits) | (uint)ordinal;
    }

    /// <summary>What is projected.</summary>
    public ProjectionKind Projection { get; init; } = ProjectionKind.All;

    /// <summary>INCLUDE: the attributes beside the keys.</summary>
    public IReadOnlyList<string> Included { get; init; } = [];

    /// <summary>Whether an attribute is in the index, the table's keys aside.</summary>
    public bool Shows(string attribute) =>
        Projection == ProjectionKind.All || attribute == Hash.Name || attribute == Range?.Name || Included.Contains(attribute);

    /// <summary>Appends the index.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Varint(Id);
        to.Text(Name);
        to.Byte((byte)((IsGlobal ? IsGlobalFlag : 0) | (Range is null ? 0 : HasRange)));
        TableShape.EncodeKey(to, Hash);
        if (Range is { } range)
        {
            TableShape.EncodeKey(to, range);
        }

        to.Byte((byte)Projection);
        to.Count(Included.Count);
        foreach (string name in Included)
        {
            to.Text(name);
        }
    }

    /// <summary>Reads an index that other fields follow; the reader fails when the bytes are none.</summary>
    public static IndexShape Decode(ref ByteReader reader)
    {
        ulong id = reader.Varint();
        string name = reader.Text();
        byte flags = reader.Byte();
        KeyAttribute hash = TableShape.DecodeKey(ref reader);
        KeyAttribute? range = (flags & HasRange) != 0 ? TableShape.DecodeKey(ref reader) : null;
        var projection = (ProjectionKind)reader.Byte();
        int count = reader.Items(1);
        string[] included = reader.Failed || count == 0 ? [] : new string[count];
        for (int i = 0; i < included.Length; i++)
        {
            included[i] = reader.Text();
        }

        if (flags > (IsGlobalFlag | HasRange) || projection is < ProjectionKind.KeysOnly or > ProjectionKind.All)
        {
            reader.Fail();
        }

        return new IndexShape(id, name, (flags & IsGlobalFlag) != 0, hash, range) { Projection = projection, Included = included };
    }
}

/// <summary>The stream of a table as writes see it. A stream that is switched on again is another, with another id.</summary>
public readonly record struct StreamShape(ulong Id, StreamView View);

/// <summary>
/// All that a write must know of a table to keep its indexes, its stream and its time to live. Registered in every data group and
/// replaced there by one of a higher <see cref="Revision"/>; part of the group's ordered state, so that every replica applies a
/// command under the same shape.
/// <code>
///   version 1 | revision n | key | flags (1 sort key, 2 stream, 4 time to live) [| key] [| stream id n | view] [| attribute text]
///   | count n | { index id n | name text | flags (1 global, 2 sort key) | key [| key] | projection | count n | { name text } }
///   key := name text | type
/// </code>
/// </summary>
public sealed record TableShape(ulong Revision, KeyAttribute Hash, KeyAttribute? Range)
{
    private const byte Version = 1;
    private const byte HasRange = 1;
    private const byte HasStream = 2;
    private const byte HasExpiry = 4;

    /// <summary>The indexes, local ones first.</summary>
    public IReadOnlyList<IndexShape> Indexes { get; init; } = [];

    /// <summary>The stream; null when none is on.</summary>
    public StreamShape? Stream { get; init; }

    /// <summary>The attribute with the second at which an item expires; null when time to live is off.</summary>
    public string? ExpiryAttribute { get; init; }

    /// <summary>Nothing but items is kept: a write need not know what was there before.</summary>
    public bool IsPlain => Indexes.Count == 0 && Stream is null && ExpiryAttribute is null;

    /// <summary>The index of an id; null when the shape has none.</summary>
    public IndexShape? IndexOf(ulong id)
    {
        foreach (IndexShape index in Indexes)
        {
            if (index.Id == id)
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>The index of a name; null when the shape has none.</summary>
    public IndexShape? IndexOf(string name)
    {
        foreach (IndexShape index in Indexes)
        {
            if (index.Name == name)
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>Appends the shape.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(Version);
        to.Varint(Revision);
        EncodeKey(to, Hash);
        to.Byte((byte)((Range is null ? 0 : HasRange) | (Stream is null ? 0 : HasStream) | (ExpiryAttribute is null ? 0 : HasExpiry)));
        if (Range is { } range)
        {
            EncodeKey(to, range);
        }

        if (Stream is { } stream)
        {
            to.Varint(stream.Id);
            to.Byte((byte)stream.View);
        }

        if (ExpiryAttribute is not null)
        {
            to.Text(ExpiryAttribute);
        }

        to.Count(Indexes.Count);
        foreach (IndexShape index in Indexes)
        {
            index.Encode(to);
        }
    }

    /// <summary>Reads a shape that other fields may follow; null when the bytes are none.</summary>
    public static TableShape? TryDecode(ref ByteReader reader)
    {
        bool known = reader.Byte() == Version;
        ulong revision = reader.Varint();
        KeyAttribute hash = DecodeKey(ref reader);
        byte flags = reader.Byte();
        KeyAttribute? range = (flags & HasRange) != 0 ? DecodeKey(ref reader) : null;
        StreamShape? stream = (flags & HasStream) != 0 ? new StreamShape(reader.Varint(), (StreamView)reader.Byte()) : null;
        string? expiry = (flags & HasExpiry) != 0 ? reader.Text() : null;
        int count = reader.Items(8);
        var indexes = new IndexShape[reader.Failed ? 0 : count];
        for (int i = 0; i < indexes.Length && !reader.Failed; i++)
        {
            indexes[i] = IndexShape.Decode(ref reader);
        }

        if (reader.Failed || !known || flags > (HasRange | HasStream | HasExpiry)
            || stream is { View: < StreamView.KeysOnly or > StreamView.NewAndOldImages })
        {
            reader.Fail();
            return null;
        }

        return new TableShape(revision, hash, range) { Indexes = indexes, Stream = stream, ExpiryAttribute = expiry };
    }

    internal static void EncodeKey(ByteBuffer to, KeyAttribute key)
    {
        to.Text(key.Name);
        to.Byte((byte)key.Type);
    }

    internal static KeyAttribute DecodeKey(ref ByteReader reader)
    {
        string name = reader.Text();
        var type = (AttributeType)reader.Byte();
        if (!KeyEncoding.IsKeyType(type))
        {
            reader.Fail();
        }

        return new KeyAttribute(name, type);
    }
}

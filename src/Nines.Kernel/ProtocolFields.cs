namespace Nines.Kernel;

/// <summary>
/// Reads the ids and positions that formats are made of. Out of their range they are malformed like everything else, so that whoever reads
/// them can count on from there without overflow, whatever the bytes say.
/// </summary>
public static class ProtocolFields
{
    /// <summary>Terms, indexes and rounds beyond this were never counted, at any rate, by anybody.</summary>
    private const long MaxCounted = long.MaxValue / 4;

    /// <summary>A count that fits an int.</summary>
    public static int SmallCount(this ref ByteReader reader) => (int)UpTo(ref reader, int.MaxValue);

    public static NodeId Node(this ref ByteReader reader) => new(reader.SmallCount());

    public static GroupId Group(this ref ByteReader reader) => new(reader.SmallCount());

    public static Term Term(this ref ByteReader reader) => new(reader.Counted());

    public static LogIndex Index(this ref ByteReader reader) => new(reader.Counted());

    /// <summary>A term, then an index.</summary>
    public static LogPosition Position(this ref ByteReader reader) => new(reader.Term(), reader.Index());

    /// <summary>Anything that was counted up from zero.</summary>
    public static long Counted(this ref ByteReader reader) => UpTo(ref reader, MaxCounted);

    /// <summary>One byte that is 0 or 1.</summary>
    public static bool Flag(this ref ByteReader reader)
    {
        byte flag = reader.Byte();
        if (flag > 1)
        {
            reader.Fail();
        }

        return flag == 1;
    }

    private static long UpTo(ref ByteReader reader, long max)
    {
        long value = reader.Count();
        if (value <= max)
        {
            return value;
        }

        reader.Fail();
        return 0;
    }
}

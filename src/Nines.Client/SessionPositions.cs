using System.Buffers.Text;

namespace Nines.Client;

/// <summary>
/// The positions in a session token, so that the tokens of answers that came at the same time become one. The format is Nines' own
/// and public; docs/doors/tables.md draws it.
/// <code>
///   base64url( version 1 | count | count x ( group varint | position varint ) )     latest touched group first
/// </code>
/// </summary>
internal static class SessionPositions
{
    /// <summary>The number of groups one token can remember; the one untouched for longest is forgotten first.</summary>
    public const int MaxGroups = 512;

    private const byte Version = 1;
    private const int MaxTextLength = 12 * 1024;
    private const int VarintBits = 7;
    private const byte VarintMore = 0x80;

    /// <summary>
    /// A token that is behind neither of two: of each group the later position. Groups of the newer token stand first. A text that is no
    /// token adds nothing.
    /// </summary>
    public static string Merge(string older, string newer)
    {
        // The usual case: nothing came in between, and the door has added to what it got.
        if (older.Length == 0 || older == newer || TryRead(newer) is not { } late)
        {
            return newer.Length == 0 || TryRead(newer) is null ? older : newer;
        }

        List<(long Group, long Position)> early = TryRead(older) ?? [];
        Dictionary<long, long> seen = early.ToDictionary(static p => p.Group, static p => p.Position);
        var merged = new List<(long, long)>(late.Count + early.Count);
        foreach ((long group, long position) in late)
        {
            merged.Add((group, seen.Remove(group, out long other) ? Math.Max(position, other) : position));
        }

        merged.AddRange(early.Where(p => seen.ContainsKey(p.Group)));
        return Write(merged.Count > MaxGroups ? merged[..MaxGroups] : merged);
    }

    /// <summary>Reads a token; null when the text is none.</summary>
    public static List<(long Group, long Position)>? TryRead(string text)
    {
        if (text.Length > MaxTextLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < 2 || bytes[0] != Version)
        {
            return null;
        }

        bytes = bytes[1..];
        if (!TryNumber(ref bytes, out long count) || count > MaxGroups)
        {
            return null;
        }

        var positions = new List<(long Group, long Position)>((int)count);
        for (int i = 0; i < count; i++)
        {
            if (!TryNumber(ref bytes, out long group) || !TryNumber(ref bytes, out long position) || positions.Exists(p => p.Group == group))
            {
                return null;
            }

            positions.Add((group, position));
        }

        return bytes.IsEmpty ? positions : null;
    }

    private static string Write(List<(long Group, long Position)> positions)
    {
        var bytes = new List<byte>(2 + (positions.Count * 8)) { Version };
        AddNumber(bytes, positions.Count);
        foreach ((long group, long position) in positions)
        {
            AddNumber(bytes, group);
            AddNumber(bytes, position);
        }

        return Base64Url.EncodeToString([.. bytes]);
    }

    private static void AddNumber(List<byte> bytes, long number)
    {
        for (; number >= VarintMore; number >>= VarintBits)
        {
            bytes.Add((byte)(number | VarintMore));
        }

        bytes.Add((byte)number);
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> bytes, out long number)
    {
        number = 0;
        for (int shift = 0; shift < 63 && !bytes.IsEmpty; shift += VarintBits)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            number |= (long)(next & ~VarintMore) << shift;
            if (next < VarintMore)
            {
                return true;
            }
        }

        return false;
    }
}

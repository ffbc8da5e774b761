using System.Buffers.Text;
using Nines.Kernel;

namespace Nines.Tables.Protocol;

/// <summary>
/// What a session has seen: one position per group. Travels as the opaque header <c>x-nines-session</c>, so the session lives
/// with the client and any node can honour it.
/// <code>
///   base64url( version 1 | count | count x ( group varint | position varint ) )     latest touched group first
/// </code>
/// At most <see cref="MaxGroups"/> groups are remembered; the one untouched for longest is forgotten first.
/// </summary>
public sealed class SessionToken
{
    /// <summary>The number of groups one token can remember.</summary>
    public const int MaxGroups = 512;

    private const byte Version = 1;
    private const int MaxTextLength = 12 * 1024;

    private readonly List<(GroupId Group, LogIndex Position)> _seen = new(4);

    /// <summary>The groups seen so far, the latest touched first.</summary>
    public IReadOnlyList<(GroupId Group, LogIndex Position)> Seen => _seen;

    /// <summary>The position below which the session must not read in a group; zero when it never saw the group.</summary>
    public LogIndex PositionIn(GroupId group)
    {
        foreach ((GroupId seen, LogIndex position) in _seen)
        {
            if (seen == group)
            {
                return position;
            }
        }

        return LogIndex.Zero;
    }

    /// <summary>Remembers an answer. Positions never go back.</summary>
    public void Observe(GroupId group, LogIndex position)
    {
        for (int i = 0; i < _seen.Count; i++)
        {
            if (_seen[i].Group == group)
            {
                position = LogIndex.Max(position, _seen[i].Position);
                _seen.RemoveAt(i);
                break;
            }
        }

        _seen.Insert(0, (group, position));
        if (_seen.Count > MaxGroups)
        {
            _seen.RemoveAt(MaxGroups);
        }
    }

    /// <summary>The header's text.</summary>
    public string Encode()
    {
        var buffer = new ByteBuffer(2 + (_seen.Count * 8));
        buffer.Byte(Version);
        buffer.Count(_seen.Count);
        foreach ((GroupId group, LogIndex position) in _seen)
        {
            buffer.Count(group.Value);
            buffer.Count(position.Value);
        }

        return Base64Url.EncodeToString(buffer.Written);
    }

    /// <summary>Reads a token; an empty text is a new session. Null: not a token of ours.</summary>
    public static SessionToken? TryDecode(ReadOnlySpan<char> text)
    {
        var token = new SessionToken();
        if (text.IsEmpty)
        {
            return token;
        }

        if (text.Length > MaxTextLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        byte[] bytes = Base64Url.DecodeFromChars(text);
        var reader = new ByteReader(bytes);
        byte version = reader.Byte();
        int count = reader.Items(2);
        if (version != Version || count > MaxGroups)
        {
            return null;
        }

        for (int i = 0; i < count; i++)
        {
            long group = reader.Count();
            long position = reader.Count();
            if (group > int.MaxValue || token.Knows(group))
            {
                return null;
            }

            token._seen.Add((new GroupId((int)group), new LogIndex(position)));
        }

        return reader.IsComplete ? token : null;
    }

    private bool Knows(long group)
    {
        foreach ((GroupId seen, _) in _seen)
        {
            if (seen.Value == group)
            {
                return true;
            }
        }

        return false;
    }
}

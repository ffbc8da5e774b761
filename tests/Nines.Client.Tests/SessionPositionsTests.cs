using FsCheck;
using FsCheck.Fluent;
using Nines.Kernel;
using Nines.Tables.Protocol;

namespace Nines.Client.Tests;

/// <summary>The client's half of session tokens against the door's.</summary>
public sealed class SessionPositionsTests
{
    private const int Groups = 6;

    [Fact]
    public void What_is_merged_is_behind_neither()
    {
        Prop.ForAll<(int, int)[], (int, int)[]>((first, second) =>
        {
            SessionToken one = Token(first.Select(Bounded)), other = Token(second.Select(Bounded));
            string merged = SessionPositions.Merge(one.Encode(), other.Encode());
            SessionToken? read = SessionToken.TryDecode(merged);
            return read is not null && Enumerable.Range(0, Groups).All(g =>
                read.PositionIn(new GroupId(g)) == LogIndex.Max(one.PositionIn(new GroupId(g)), other.PositionIn(new GroupId(g))));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_newer_tokens_groups_stand_first()
    {
        string merged = SessionPositions.Merge(Token([(1, 10), (2, 20)]).Encode(), Token([(3, 30), (1, 5)]).Encode());
        Assert.Equal(
            [(new GroupId(1), new LogIndex(10)), (new GroupId(3), new LogIndex(30)), (new GroupId(2), new LogIndex(20))],
            SessionToken.TryDecode(merged)!.Seen);
    }

    [Fact]
    public void No_more_groups_are_remembered_than_the_door_takes()
    {
        string full = Token(Enumerable.Range(0, SessionToken.MaxGroups).Select(g => (g, 1 << 20))).Encode();
        string merged = SessionPositions.Merge(full, Token([(9999, 7)]).Encode());
        SessionToken read = SessionToken.TryDecode(merged)!;
        Assert.Equal(SessionToken.MaxGroups, read.Seen.Count);
        Assert.Equal(new LogIndex(7), read.PositionIn(new GroupId(9999)));
        Assert.Equal(LogIndex.Zero, read.PositionIn(new GroupId(0)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no token")]
    [InlineData("AQ")]
    [InlineData("AgAA")]
    [InlineData("AQIBAQEC")]
    [InlineData("AQEB_____________w")]
    public void What_is_no_token_adds_nothing(string text)
    {
        string good = Token([(1, 300)]).Encode();
        Assert.Equal(good, SessionPositions.Merge(good, text));
        Assert.Equal(good, SessionPositions.Merge(text, good));
        Assert.Equal("", new TablesSession(text).Token);
    }

    private static (int Group, int Position) Bounded((int Group, int Position) any) => ((int)((uint)any.Group % Groups), any.Position & int.MaxValue);

    private static SessionToken Token(IEnumerable<(int Group, int Position)> seen)
    {
        var token = new SessionToken();
        foreach ((int group, int position) in seen)
        {
            token.Observe(new GroupId(group), new LogIndex(position));
        }

        return token;
    }
}

using Nines.Kernel;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

public sealed class SessionTokenTests
{
    [Fact]
    public void A_token_comes_back_as_it_was()
    {
        var token = new SessionToken();
        token.Observe(new GroupId(3), new LogIndex(70));
        token.Observe(new GroupId(1), new LogIndex(5_000_000_000));
        token.Observe(new GroupId(3), new LogIndex(60));
        SessionToken again = SessionToken.TryDecode(token.Encode())!;
        Assert.Equal([(new GroupId(3), new LogIndex(70)), (new GroupId(1), new LogIndex(5_000_000_000))], again.Seen);
        Assert.Equal(LogIndex.Zero, again.PositionIn(new GroupId(2)));
    }

    [Fact]
    public void A_token_has_these_bytes()
    {
        var token = new SessionToken();
        token.Observe(new GroupId(1), new LogIndex(300));
        token.Observe(new GroupId(3), new LogIndex(70));
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString([1, 2, 3, 70, 1, 0xAC, 2]), token.Encode());
    }

    [Fact]
    public void The_group_untouched_for_longest_is_forgotten_first()
    {
        var token = new SessionToken();
        for (int group = 1; group <= SessionToken.MaxGroups + 1; group++)
        {
            token.Observe(new GroupId(group), new LogIndex(group));
        }

        SessionToken again = SessionToken.TryDecode(token.Encode())!;
        Assert.Equal(SessionToken.MaxGroups, again.Seen.Count);
        Assert.Equal(LogIndex.Zero, again.PositionIn(new GroupId(1)));
        Assert.Equal(new LogIndex(2), again.PositionIn(new GroupId(2)));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("!!!!")]
    [InlineData("AgA")]
    [InlineData("AQE")]
    [InlineData("AQIBAQEB")]
    public void Other_texts_are_no_tokens(string text) => Assert.Null(SessionToken.TryDecode(text));

    [Fact]
    public void An_empty_text_is_a_new_session() => Assert.Empty(SessionToken.TryDecode("")!.Seen);

    [Fact]
    public void Random_texts_never_throw()
    {
        var random = new Prng(11);
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=";
        for (int i = 0; i < 20_000; i++)
        {
            var text = new char[random.Below(40)];
            for (int j = 0; j < text.Length; j++)
            {
                text[j] = Letters[random.Below(Letters.Length)];
            }

            _ = SessionToken.TryDecode(text);
        }
    }
}

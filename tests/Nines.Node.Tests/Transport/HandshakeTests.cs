using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Tests.Transport;

public sealed class HandshakeTests
{
    private static readonly Hello AHello = new(
        Handshake.ProtocolVersion, new ClusterId(new UInt128(1, 2)), new NodeId(3), new BootId(4, 6), new NodeId(5),
        LinkVerdict.TooSlow, "http://127.0.0.1:9000");

    private static readonly HelloAnswer AnAnswer = new(
        Handshake.ProtocolVersion, LinkVerdict.OldBoot, new ClusterId(new UInt128(1, 2)), new NodeId(3), new BootId(4, 6),
        "http://127.0.0.1:9000", "why");

    [Fact]
    public void Hello_and_answer_come_back()
    {
        Assert.True(Handshake.TryRead(Bytes(AHello), out Hello hello));
        Assert.Equal(AHello, hello);
        Assert.True(Handshake.TryRead(Bytes(AnAnswer), out HelloAnswer answer));
        Assert.Equal(AnAnswer, answer);
    }

    [Fact]
    public void The_bytes_of_a_hello_stay_as_they_are() => Assert.Equal(
        "4E39484C" + "02" + "0100000000000000" + "0200000000000000" + "03000000" + "0400000000000000" + "0600000000000000" + "05000000"
        + "08" + "15" + "687474703A2F2F3132372E302E302E313A39303030",
        Convert.ToHexString(Bytes(AHello)));

    [Fact]
    public void The_bytes_of_an_answer_stay_as_they_are() => Assert.Equal(
        "4E39414E" + "02" + "05" + "0100000000000000" + "0200000000000000" + "03000000" + "0400000000000000" + "0600000000000000"
        + "15" + "687474703A2F2F3132372E302E302E313A39303030" + "03" + "776879",
        Convert.ToHexString(Bytes(AnAnswer)));

    [Fact]
    public void Of_another_version_only_the_version_is_believed()
    {
        byte[] bytes = Bytes(AHello with { Version = 99 });
        Assert.True(Handshake.TryRead(bytes.AsSpan(0, 5), out Hello hello));
        Assert.Equal(99, hello.Version);
        Assert.True(hello.From.IsNone);
    }

    [Fact]
    public void Control_characters_of_a_stranger_do_not_reach_the_log()
    {
        Assert.True(Handshake.TryRead(Bytes(AnAnswer with { Detail = "a\u001b[2J\nb" }), out HelloAnswer answer));
        Assert.Equal("a?[2J?b", answer.Detail);
    }

    [Fact]
    public void Cut_and_flipped_bytes_never_throw()
    {
        var prng = new Prng(11);
        foreach (byte[] valid in new[] { Bytes(AHello), Bytes(AnAnswer) })
        {
            for (int length = 0; length < valid.Length; length++)
            {
                Assert.False(Handshake.TryRead(valid.AsSpan(0, length), out Hello _));
                Assert.False(Handshake.TryRead(valid.AsSpan(0, length), out HelloAnswer _));
            }

            for (int round = 0; round < 100_000; round++)
            {
                byte[] mutated = [.. valid];
                int hits = prng.Between(1, 4);
                for (int i = 0; i < hits; i++)
                {
                    mutated[prng.Below(mutated.Length)] = (byte)prng.Next();
                }

                Handshake.TryRead(mutated, out Hello _);
                Handshake.TryRead(mutated, out HelloAnswer _);
            }
        }
    }

    internal static byte[] Bytes(in Hello hello)
    {
        var buffer = new ByteBuffer();
        Handshake.Write(buffer, hello);
        return buffer.ToArray();
    }

    private static byte[] Bytes(in HelloAnswer answer)
    {
        var buffer = new ByteBuffer();
        Handshake.Write(buffer, answer);
        return buffer.ToArray();
    }
}

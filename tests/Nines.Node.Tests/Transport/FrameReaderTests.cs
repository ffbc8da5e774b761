using Nines.Kernel;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Tests.Transport;

public sealed class FrameReaderTests
{
    [Fact]
    public void One_frame_has_these_bytes()
    {
        var bytes = new ByteBuffer();
        FrameFormat.Write(bytes, "nines"u8);
        Assert.Equal("05000000" + "8CD000EE" + "CC89B41B" + "6E696E6573", Golden(bytes));
    }

    [Fact]
    public void A_long_frame_that_comes_byte_by_byte_costs_no_buffer_for_each()
    {
        byte[] stream = Framed([Payload(new Prng(3), 300_000)]);
        var reader = new FrameReader();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 30_000; i++)
        {
            reader.Free.Span[0] = stream[i];
            reader.Received(1);
            if (reader.TryNext(out _) != FrameResult.NeedMore)
            {
                Assert.Fail("a frame before its end");
            }
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 5 * FrameReader.ChunkBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public void A_frame_of_any_size_comes_back(int size)
    {
        byte[] payload = Payload(new Prng(1), size);
        List<byte[]> frames = ReadAll(Framed([payload, [7], payload]), new Prng(2), out FrameResult end);
        Assert.Equal(FrameResult.NeedMore, end);
        Assert.Equal([payload, [7], payload], frames);
    }

    [Fact]
    public void Frames_come_back_wherever_the_stream_is_split()
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var prng = new Prng(seed);
            List<byte[]> sent = [.. Enumerable.Range(0, prng.Between(1, 40)).Select(_ => Payload(prng, prng.Below(900)))];
            List<byte[]> got = ReadAll(Framed(sent), prng, out _);
            Assert.True(sent.SequenceEqual(got, ByteArrays.Instance), $"seed={seed}");
        }
    }

    [Fact]
    public void A_damaged_stream_gives_only_frames_that_were_sent_and_then_stops()
    {
        int damaged = 0;
        for (ulong seed = 1; seed <= 2000; seed++)
        {
            var prng = new Prng(seed);
            List<byte[]> sent = [.. Enumerable.Range(0, 10).Select(_ => Payload(prng, prng.Below(200)))];
            byte[] stream = Framed(sent);
            int hits = prng.Between(1, 3);
            for (int i = 0; i < hits; i++)
            {
                stream[prng.Below(stream.Length)] ^= (byte)(1 << prng.Below(8));
            }

            List<byte[]> got = ReadAll(stream, prng, out FrameResult end);
            Assert.True(got.Count <= sent.Count && sent.Take(got.Count).SequenceEqual(got, ByteArrays.Instance), $"seed={seed}");
            damaged += end is FrameResult.BadHeader or FrameResult.BadPayload or FrameResult.TooLong ? 1 : 0;
        }

        Assert.True(damaged > 1900, $"{damaged} of 2000 streams were seen to be damaged");
    }

    [Fact]
    public void Random_bytes_never_give_a_frame_and_cost_little_memory()
    {
        var prng = new Prng(5);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 1000; round++)
        {
            byte[] garbage = new byte[prng.Between(12, 1500)];
            prng.Fill(garbage);
            List<byte[]> frames = ReadAll(garbage, prng, out FrameResult end);
            Assert.Empty(frames);
            Assert.Equal(FrameResult.BadHeader, end);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 300_000_000);
    }

    [Fact]
    public void An_announced_length_costs_nothing_before_the_bytes_are_there()
    {
        byte[] frame = Framed([new byte[10_000_000]]);
        var reader = new FrameReader();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(reader, frame.AsSpan(0, 100_000));
        Assert.Equal(FrameResult.NeedMore, reader.TryNext(out _));
        _ = reader.Free;
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void A_longer_frame_than_allowed_is_refused_by_its_header()
    {
        byte[] frame = Framed([new byte[2000]]);
        var reader = new FrameReader(maxPayloadBytes: 1999);
        Feed(reader, frame.AsSpan(0, FrameFormat.HeaderBytes));
        Assert.Equal(FrameResult.TooLong, reader.TryNext(out _));
        reader.Received(0);
        Assert.Equal(FrameResult.TooLong, reader.TryNext(out _));
    }

    [Fact]
    public void Small_frames_cost_about_the_bytes_they_hold()
    {
        byte[] stream = Framed([.. Enumerable.Repeat(new byte[100], 10_000)]);
        var reader = new FrameReader();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int frames = 0;
        for (int offset = 0; offset < stream.Length;)
        {
            int count = Math.Min(1000, stream.Length - offset);
            Feed(reader, stream.AsSpan(offset, count));
            offset += count;
            while (reader.TryNext(out _) == FrameResult.Frame)
            {
                frames++;
            }
        }

        Assert.Equal(10_000, frames);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < stream.Length * 5 / 4);
    }

    internal static byte[] Framed(IEnumerable<byte[]> payloads)
    {
        var bytes = new ByteBuffer();
        foreach (byte[] payload in payloads)
        {
            FrameFormat.Write(bytes, payload);
        }

        return bytes.ToArray();
    }

    private static string Golden(ByteBuffer bytes) => Convert.ToHexString(bytes.Written);

    private static byte[] Payload(Prng prng, int size)
    {
        byte[] payload = new byte[size];
        prng.Fill(payload);
        return payload;
    }

    private static void Feed(FrameReader reader, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            Span<byte> free = reader.Free.Span;
            int count = Math.Min(free.Length, bytes.Length);
            bytes[..count].CopyTo(free);
            reader.Received(count);
            bytes = bytes[count..];
        }
    }

    private static List<byte[]> ReadAll(byte[] stream, Prng prng, out FrameResult end)
    {
        // A small buffer makes every path of moving an unfinished frame happen.
        var reader = new FrameReader(chunkBytes: prng.Between(16, 20_000));
        List<byte[]> frames = [];
        int offset = 0;
        end = FrameResult.NeedMore;
        while (offset < stream.Length && end == FrameResult.NeedMore)
        {
            Span<byte> free = reader.Free.Span;
            int count = Math.Min(prng.Between(1, 5000), Math.Min(free.Length, stream.Length - offset));
            stream.AsSpan(offset, count).CopyTo(free);
            reader.Received(count);
            offset += count;
            while ((end = reader.TryNext(out ReadOnlyMemory<byte> frame)) == FrameResult.Frame)
            {
                frames.Add(frame.ToArray());
            }
        }

        return frames;
    }

    private sealed class ByteArrays : IEqualityComparer<byte[]>
    {
        public static readonly ByteArrays Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}

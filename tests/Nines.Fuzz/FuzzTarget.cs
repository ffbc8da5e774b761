using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>
/// One decoder of the product under a name. It must take any bytes: accept or refuse them, without an exception, in bounded time and
/// memory. What an input leaves behind lasts for one episode, so that a failure replays from the episode's beginning.
/// </summary>
public abstract class FuzzTarget(string name)
{
    public string Name { get; } = name;

    /// <summary>Valid inputs, of which most others are made by damage.</summary>
    public abstract IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>Pieces to insert: the words of a text format.</summary>
    public virtual IReadOnlyList<byte[]> Pieces => [];

    /// <summary>Inputs that share state; 1: none do.</summary>
    public virtual int Episode => 1;

    /// <summary>The format has checksums, and <see cref="Mend"/> makes them right.</summary>
    public virtual bool HasChecksums => false;

    /// <summary>An input takes longer only when something is wrong, on a busy machine too.</summary>
    public virtual TimeSpan TimeAllowed => TimeSpan.FromSeconds(2);

    public virtual int MaxBytes => 64 << 10;

    /// <summary>Bytes one input of a length may allocate in all, kept or not.</summary>
    public virtual long BytesAllowed(int length) => (64 << 10) + (128L * length);

    /// <summary>Makes the checksums of a damaged input right again, as far as its layout can be followed.</summary>
    public virtual void Mend(Span<byte> input)
    {
    }

    /// <summary>A new episode.</summary>
    public virtual void Begin(Prng random)
    {
    }

    /// <summary>Feeds one input. True: accepted. Any exception is a finding.</summary>
    public abstract bool Try(byte[] input);

    /// <summary>The end of an episode: whatever came, things must still work.</summary>
    public virtual void End()
    {
    }
}

/// <summary>Makes the checksums of an input right.</summary>
public delegate void Mend(Span<byte> input);

/// <summary>A decoder without state.</summary>
public sealed class Decoder(string name, IReadOnlyList<byte[]> corpus, Func<byte[], bool> decode) : FuzzTarget(name)
{
    public override IReadOnlyList<byte[]> Corpus => corpus;

    public override IReadOnlyList<byte[]> Pieces => Words;

    public IReadOnlyList<byte[]> Words { get; init; } = [];

    public Mend? Checksums { get; init; }

    /// <summary>Bytes allowed per byte of input, where the format makes objects of few bytes.</summary>
    public int PerByte { get; init; } = 128;

    public long Fixed { get; init; } = 64 << 10;

    public override bool HasChecksums => Checksums is not null;

    public override long BytesAllowed(int length) => Fixed + ((long)PerByte * length);

    public override void Mend(Span<byte> input) => Checksums?.Invoke(input);

    public override bool Try(byte[] input) => decode(input);
}

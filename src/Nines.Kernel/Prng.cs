using System.Numerics;

namespace Nines.Kernel;

/// <summary>
/// Seeded randomness by a named algorithm, so that a seed printed today replays after any runtime upgrade:
/// xoshiro256** (Blackman and Vigna, 2018), its state filled by SplitMix64. Not for secrets.
/// </summary>
public sealed class Prng
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public Prng(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>64 uniform bits.</summary>
    public ulong Next()
    {
        ulong result = unchecked(BitOperations.RotateLeft(_s1 * 5, 7) * 9);
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>. The bias is below bound / 2^64.</summary>
    public long Below(long bound)
    {
        Invariant.Assert(bound > 0);
        return (long)Math.BigMul(Next(), (ulong)bound, out _);
    }

    /// <inheritdoc cref="Below(long)"/>
    public int Below(int bound) => (int)Below((long)bound);

    /// <summary>A number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + (int)Below((long)high - low + 1);

    /// <summary>A number from 0 up to, not including, 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability (0 to 1).</summary>
    public bool Chance(double probability) => Unit() < probability;

    /// <summary>A waiting time of a Poisson process with the given mean.</summary>
    public double Exponential(double mean) => -mean * Math.Log(1.0 - Unit());

    /// <summary>One element, each as likely as the others.</summary>
    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() >> 56);
        }
    }

    public void Shuffle<T>(IList<T> list)
    {
        for (int i = list.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }
    }

    /// <summary>An independent stream, so that one part drawing more numbers does not change another part's.</summary>
    public Prng Fork() => new(Next());

    private static ulong SplitMix(ref ulong x)
    {
        unchecked
        {
            ulong z = x += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}

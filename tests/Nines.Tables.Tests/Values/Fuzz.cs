using Nines.Kernel;

namespace Nines.Tables.Tests.Values;

/// <summary>Damage.</summary>
internal static class Fuzz
{
    /// <summary>How many cases each fuzz test tries; raise it for a long run.</summary>
    public const int Cases = 200_000;

    /// <summary>A few bytes changed, removed, doubled or inserted.</summary>
    public static byte[] Mutate(Prng prng, byte[] bytes, ReadOnlySpan<byte> alphabet = default)
    {
        var list = new List<byte>(bytes);
        for (int i = prng.Between(1, 3); i > 0; i--)
        {
            byte random = alphabet.IsEmpty || prng.Chance(0.2) ? (byte)prng.Below(256) : alphabet[prng.Below(alphabet.Length)];
            int at = prng.Below(list.Count + 1);
            switch (prng.Below(4))
            {
                case 0 when at < list.Count:
                    list[at] = random;
                    break;
                case 1 when at < list.Count:
                    list.RemoveRange(at, prng.Between(1, Math.Min(8, list.Count - at)));
                    break;
                case 2 when at < list.Count:
                    list.InsertRange(prng.Below(list.Count), list.GetRange(at, Math.Min(prng.Between(1, 8), list.Count - at)));
                    break;
                default:
                    list.Insert(at, random);
                    break;
            }
        }

        return [.. list];
    }
}

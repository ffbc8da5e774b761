using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Nines.Tables;

/// <summary>Values of <c>x-amzn-RequestId</c>: 52 capital letters and digits, as DynamoDB gives out. Unlikely to repeat, not secret.</summary>
internal sealed class AmazonRequestIds
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int Length = 52;
    private const int LettersPerWord = 12;
    private const ulong WordsPerId = (Length + LettersPerWord - 1) / LettersPerWord;

    private readonly ulong _seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private long _count;

    public string Next()
    {
        // Each id has a stretch of the sequence to itself: no two have letters in common.
        ulong words = (ulong)Interlocked.Increment(ref _count) * WordsPerId;
        ulong state = unchecked(_seed + (words * 0x9E3779B97F4A7C15));
        return string.Create(Length, state, static (text, state) =>
        {
            ulong bits = 0;
            for (int i = 0; i < text.Length; i++)
            {
                // SplitMix64; a word gives twelve letters.
                if (i % LettersPerWord == 0)
                {
                    unchecked
                    {
                        state += 0x9E3779B97F4A7C15;
                        bits = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
                        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
                        bits ^= bits >> 31;
                    }
                }

                text[i] = Letters[(int)(bits % (ulong)Letters.Length)];
                bits /= (ulong)Letters.Length;
            }
        });
    }
}

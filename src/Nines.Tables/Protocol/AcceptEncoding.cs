using System.Text;

namespace Nines.Tables.Protocol;

/// <summary>The <c>Accept-Encoding</c> field of a request (RFC 9110, section 12.5.3).</summary>
public static class AcceptEncoding
{
    /// <summary>Whether gzip is named and not refused. A star names nothing: who sends it may not have meant this.</summary>
    public static bool TakesGzip(ReadOnlySpan<byte> field)
    {
        foreach (Range range in field.Split((byte)','))
        {
            ReadOnlySpan<byte> coding = field[range];
            int end = coding.IndexOf((byte)';');
            ReadOnlySpan<byte> name = (end < 0 ? coding : coding[..end]).Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "gzip"u8))
            {
                return end < 0 || !IsRefused(coding[(end + 1)..].Trim(" \t"u8));
            }
        }

        return false;
    }

    /// <summary><c>q=0</c>, with up to three more zeros.</summary>
    private static bool IsRefused(ReadOnlySpan<byte> weight) =>
        weight.Length > 2 && (weight[0] | 0x20) == 'q' && weight[1] == '=' && !weight[2..].ContainsAnyExcept((byte)'0', (byte)'.');
}

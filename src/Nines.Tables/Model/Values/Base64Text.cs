using System.Buffers;
using System.Buffers.Text;

namespace Nines.Tables.Model.Values;

/// <summary>Base64 as DynamoDB takes it: no white space, padded to a multiple of four, no stray bits in the last character.</summary>
internal static class Base64Text
{
    /// <summary>The bytes, or DynamoDB's words for what is wrong with the text.</summary>
    public static string? Decode(ReadOnlySpan<byte> text, out byte[] bytes)
    {
        bytes = [];
        if (text.IsEmpty)
        {
            return null;
        }

        if (text.Length % 4 != 0)
        {
            return $"Base64 encoded length is expected a multiple of 4 bytes but found: {text.Length}";
        }

        int padding = text[^1] != '=' ? 0 : text[^2] != '=' ? 1 : 2;
        foreach (byte b in text[..^padding])
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != '+' && b != '/')
            {
                return $"Invalid base64 encoded string. Contains invalid character: {(char)b}";
            }
        }

        byte[] decoded = new byte[(text.Length / 4 * 3) - padding];
        OperationStatus status = Base64.DecodeFromUtf8(text, decoded, out _, out int written);
        if (status != OperationStatus.Done || written != decoded.Length || HasStrayBits(text, padding))
        {
            return "Invalid last non-pad Base64 character dectected";
        }

        bytes = decoded;
        return null;
    }

    private static bool HasStrayBits(ReadOnlySpan<byte> text, int padding)
    {
        if (padding == 0)
        {
            return false;
        }

        int last = ValueOf(text[^(padding + 1)]);
        return (last & (padding == 1 ? 0b11 : 0b1111)) != 0;
    }

    private static int ValueOf(byte character) => character switch
    {
        >= (byte)'A' and <= (byte)'Z' => character - 'A',
        >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
        (byte)'+' => 62,
        _ => 63,
    };
}

using System.Text;

namespace Nines.Tables.Model.Values;

/// <content>Numbers as texts: what clients write, and what DynamoDB prints.</content>
public readonly partial struct DynamoNumber
{
    /// <summary>Reads decimal text: optional sign, digits with at most one point, optional exponent.</summary>
    public static NumberFault Parse(ReadOnlySpan<byte> text, out DynamoNumber number)
    {
        number = Zero;
        if (text.IsEmpty)
        {
            return NumberFault.Empty;
        }

        int at = 0;
        bool isNegative = text[0] == '-';
        if (isNegative || text[0] == '+')
        {
            at++;
        }

        // The first 19 significant digits gather in high, the next 19 in low; zeros wait in pending until a digit follows them.
        ulong high = 0;
        ulong low = 0;
        int significant = 0;
        int pending = 0;
        int seen = 0;
        int lastNonZero = 0;
        int wholeDigits = -1;
        for (; at < text.Length; at++)
        {
            int digit = text[at] - '0';
            if ((uint)digit > 9)
            {
                if (text[at] != '.' || wholeDigits >= 0)
                {
                    break;
                }

                wholeDigits = seen;
                continue;
            }

            seen++;
            if (digit == 0)
            {
                pending += significant == 0 ? 0 : 1;
                continue;
            }

            significant += pending + 1;
            lastNonZero = seen;
            for (; pending >= 0 && significant <= DigitsMax; pending--)
            {
                ulong next = pending == 0 ? (ulong)digit : 0;
                if (significant - pending <= 19)
                {
                    high = (high * 10) + next;
                }
                else
                {
                    low = (low * 10) + next;
                }
            }

            pending = 0;
        }

        if (seen == 0 || !ParseExponent(text[at..], out int power))
        {
            return NumberFault.NotNumeric;
        }

        if (significant == 0)
        {
            // A zero must have an exponent in range all the same.
            return Check(0, power);
        }

        int exponent = (wholeDigits < 0 ? seen : wholeDigits) - lastNonZero + power;
        NumberFault fault = Check(significant, exponent + significant - 1);
        if (fault == NumberFault.None)
        {
            UInt128 coefficient = significant <= 19 ? high : (high * (UInt128)SmallPower(significant - 19)) + low;
            number = new DynamoNumber(isNegative, coefficient, exponent, significant);
        }

        return fault;
    }

    /// <summary>
    /// Writes the number as DynamoDB prints it: plain digits without exponent. Gives the length; the destination holds
    /// at least <see cref="TextLengthMax"/> bytes.
    /// </summary>
    public int Format(Span<byte> destination)
    {
        if (IsZero)
        {
            destination[0] = (byte)'0';
            return 1;
        }

        int at = 0;
        if (_isNegative)
        {
            destination[at++] = (byte)'-';
        }

        if (_exponent >= 0)
        {
            WriteDigits(destination.Slice(at, _digits), 0);
            at += _digits;
            destination.Slice(at, _exponent).Fill((byte)'0');
            return at + _exponent;
        }

        int whole = _digits + _exponent;
        if (whole > 0)
        {
            Span<byte> digits = destination.Slice(at, _digits + 1);
            WriteDigits(digits[1..], 0);
            digits.Slice(1, whole).CopyTo(digits);
            digits[whole] = (byte)'.';
            return at + _digits + 1;
        }

        destination[at++] = (byte)'0';
        destination[at++] = (byte)'.';
        destination.Slice(at, -whole).Fill((byte)'0');
        at -= whole;
        WriteDigits(destination.Slice(at, _digits), 0);
        return at + _digits;
    }

    /// <summary>DynamoDB's words for a fault; <paramref name="text"/> is the offending text.</summary>
    public static string Describe(NumberFault fault, ReadOnlySpan<byte> text = default) => fault switch
    {
        NumberFault.None => "",
        NumberFault.Empty => "The parameter cannot be converted to a numeric value",
        NumberFault.NotNumeric =>
            "The parameter cannot be converted to a numeric value: " + Encoding.UTF8.GetString(text),
        NumberFault.Overflow => "Number overflow. Attempting to store a number with magnitude larger than supported range",
        NumberFault.Underflow => "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        NumberFault.TooManyDigits => "Attempting to store more than 38 significant digits in a Number",
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLengthMax];
        return Encoding.ASCII.GetString(text[..Format(text)]);
    }

    /// <summary>Writes exactly <see cref="Digits"/> digits as ASCII, padded on the right when the span is longer.</summary>
    internal void WriteDigits(Span<byte> destination, int padding)
    {
        destination[(destination.Length - padding)..].Fill((byte)'0');
        int at = destination.Length - padding;
        UInt128 rest = _coefficient;
        while (rest > ulong.MaxValue)
        {
            (UInt128 quotient, UInt128 remainder) = UInt128.DivRem(rest, SmallPower(19));
            ulong part = (ulong)remainder;
            for (int i = 0; i < 19; i++)
            {
                (part, ulong digit) = Math.DivRem(part, 10);
                destination[--at] = (byte)('0' + digit);
            }

            rest = quotient;
        }

        ulong small = (ulong)rest;
        while (at > 0)
        {
            (small, ulong digit) = Math.DivRem(small, 10);
            destination[--at] = (byte)('0' + digit);
        }
    }

    private static bool ParseExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] is not ((byte)'e' or (byte)'E') || text.Length < 2)
        {
            return false;
        }

        bool isNegative = text[1] == '-';
        text = text[(isNegative || text[1] == '+' ? 2 : 1)..];
        if (text.IsEmpty)
        {
            return false;
        }

        // An exponent beyond 64 bits is no number; any beyond a few hundred is out of range, whatever digits stand before it.
        const int Saturated = 100_000_000;
        UInt128 value = 0;
        foreach (byte b in text)
        {
            int digit = b - '0';
            if ((uint)digit > 9)
            {
                return false;
            }

            value = UInt128.Min((value * 10) + (uint)digit, ulong.MaxValue);
        }

        if (value > (ulong)long.MaxValue + (isNegative ? 1UL : 0UL))
        {
            return false;
        }

        exponent = (int)UInt128.Min(value, Saturated);
        exponent = isNegative ? -exponent : exponent;
        return true;
    }
}

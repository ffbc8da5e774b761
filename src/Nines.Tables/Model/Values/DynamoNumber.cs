using System.Text;

namespace Nines.Tables.Model.Values;

/// <summary>Why a text is not a number that can be stored, or a sum is not.</summary>
public enum NumberFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>The text is empty.</summary>
    Empty,

    /// <summary>The text is no decimal number.</summary>
    NotNumeric,

    /// <summary>Larger than 9.99…E+125 (38 digits).</summary>
    Overflow,

    /// <summary>Smaller than 1E-130 and not zero.</summary>
    Underflow,

    /// <summary>More than 38 significant digits.</summary>
    TooManyDigits,
}

/// <summary>
/// An exact decimal: sign x coefficient x 10^exponent, the coefficient without trailing zeros and below 10^38 (which fits 128 bits).
/// One value has one representation, so that equal numbers are equal bits. The magnitude is zero or within 1E-130 to
/// 9.9999999999999999999999999999999999999E+125.
/// </summary>
public readonly partial struct DynamoNumber : IEquatable<DynamoNumber>, IComparable<DynamoNumber>
{
    /// <summary>The most significant digits.</summary>
    public const int DigitsMax = 38;

    /// <summary>The largest exponent of the first digit.</summary>
    public const int MagnitudeMax = 125;

    /// <summary>The smallest exponent of the first digit.</summary>
    public const int MagnitudeMin = -130;

    /// <summary>The longest text that <see cref="Format"/> writes: sign, "0.", leading zeros and digits.</summary>
    public const int TextLengthMax = 3 + 130 + DigitsMax;

    /// <summary>Zero.</summary>
    public static readonly DynamoNumber Zero;

    private readonly UInt128 _coefficient;
    private readonly short _exponent;
    private readonly byte _digits;
    private readonly bool _isNegative;

    private DynamoNumber(bool isNegative, UInt128 coefficient, int exponent, int digits)
    {
        _isNegative = isNegative;
        _coefficient = coefficient;
        _exponent = (short)exponent;
        _digits = (byte)digits;
    }

    /// <summary>The digits as one whole number without trailing zeros.</summary>
    public UInt128 Coefficient => _coefficient;

    /// <summary>The power of ten of the last significant digit.</summary>
    public int Exponent => _exponent;

    /// <summary>Below zero.</summary>
    public bool IsNegative => _isNegative;

    /// <summary>Is zero.</summary>
    public bool IsZero => _digits == 0;

    /// <summary>How many significant digits; 0 for zero.</summary>
    public int Digits => _digits;

    /// <summary>The power of ten of the first significant digit, as in scientific notation; 0 for zero.</summary>
    public int Magnitude => _digits == 0 ? 0 : _exponent + _digits - 1;

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

    /// <summary>The whole number.</summary>
    public static DynamoNumber FromInt64(long value)
    {
        UInt128 coefficient = value < 0 ? (UInt128)(-(Int128)value) : (UInt128)value;
        _ = Create(value < 0, coefficient, 0, out DynamoNumber number);
        return number;
    }

    /// <summary>Makes the canonical number of any coefficient and exponent, or says why it cannot be stored.</summary>
    public static NumberFault Create(bool isNegative, UInt128 coefficient, int exponent, out DynamoNumber number)
    {
        number = Zero;
        if (coefficient == 0)
        {
            return NumberFault.None;
        }

        coefficient = StripZeros(coefficient, ref exponent);
        int digits = CountDigits(coefficient);
        NumberFault fault = Check(digits, exponent + digits - 1);
        if (fault == NumberFault.None)
        {
            number = new DynamoNumber(isNegative, coefficient, exponent, digits);
        }

        return fault;
    }

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

    private static NumberFault Check(int digits, int magnitude)
    {
        if (magnitude > MagnitudeMax)
        {
            return NumberFault.Overflow;
        }

        if (magnitude < MagnitudeMin)
        {
            return NumberFault.Underflow;
        }

        return digits > DigitsMax ? NumberFault.TooManyDigits : NumberFault.None;
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

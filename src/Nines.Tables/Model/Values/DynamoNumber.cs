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

    /// <summary>The whole number.</summary>
    public static DynamoNumber FromInt64(long value)
    {
        UInt128 coefficient = value < 0 ? (UInt128)(-(Int128)value) : (UInt128)value;
        _ = Create(value < 0, coefficient, 0, out DynamoNumber number);
        return number;
    }

    /// <summary>The whole part, when it is one of at most 18 digits; null otherwise.</summary>
    public long? TryTruncate()
    {
        const int DigitsOfLong = 18;
        if (Magnitude >= DigitsOfLong)
        {
            return null;
        }

        UInt128 whole = _coefficient;
        for (int left = _exponent; left < 0 && whole != 0; left++)
        {
            whole /= 10;
        }

        for (int left = _exponent; left > 0; left--)
        {
            whole *= 10;
        }

        return _isNegative ? -(long)whole : (long)whole;
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
}

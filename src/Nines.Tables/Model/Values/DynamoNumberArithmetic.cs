using System.Numerics;

namespace Nines.Tables.Model.Values;

public readonly partial struct DynamoNumber
{
    private static readonly ulong[] SmallPowers = MakeSmallPowers();

    /// <summary>The exact sum, or why it cannot be stored: nothing is ever rounded.</summary>
    public static NumberFault Add(DynamoNumber a, DynamoNumber b, out DynamoNumber sum)
    {
        if (a.IsZero || b.IsZero)
        {
            sum = a.IsZero ? b : a;
            return NumberFault.None;
        }

        if (a._exponent < b._exponent)
        {
            (a, b) = (b, a);
        }

        int shift = a._exponent - b._exponent;
        if (a._digits + shift <= DigitsMax)
        {
            // Both coefficients are below 10^38, so their sum is below 2^128.
            return AddAligned(a._isNegative, a._coefficient * Power(shift), b._isNegative, b._coefficient, b._exponent, out sum);
        }

        return AddWide(a, b, shift, out sum);
    }

    /// <summary>The exact difference, or why it cannot be stored.</summary>
    public static NumberFault Subtract(DynamoNumber a, DynamoNumber b, out DynamoNumber difference) => Add(a, -b, out difference);

    /// <summary>The same magnitude with the other sign.</summary>
    public static DynamoNumber operator -(DynamoNumber a) =>
        a.IsZero ? a : new DynamoNumber(!a._isNegative, a._coefficient, a._exponent, a._digits);

    /// <summary>The same magnitude with the other sign.</summary>
    public static DynamoNumber Negate(DynamoNumber a) => -a;

    public static bool operator ==(DynamoNumber a, DynamoNumber b) => a.Equals(b);

    public static bool operator !=(DynamoNumber a, DynamoNumber b) => !a.Equals(b);

    public static bool operator <(DynamoNumber a, DynamoNumber b) => a.CompareTo(b) < 0;

    public static bool operator >(DynamoNumber a, DynamoNumber b) => a.CompareTo(b) > 0;

    public static bool operator <=(DynamoNumber a, DynamoNumber b) => a.CompareTo(b) <= 0;

    public static bool operator >=(DynamoNumber a, DynamoNumber b) => a.CompareTo(b) >= 0;

    /// <inheritdoc/>
    public bool Equals(DynamoNumber other) =>
        _coefficient == other._coefficient && _exponent == other._exponent && _isNegative == other._isNegative;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DynamoNumber other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((int)(ulong)_coefficient ^ (_exponent << 16));

    /// <summary>Numeric order.</summary>
    public int CompareTo(DynamoNumber other)
    {
        int sign = Sign;
        if (sign != other.Sign)
        {
            return sign.CompareTo(other.Sign);
        }

        return sign < 0 ? CompareMagnitude(other, this) : CompareMagnitude(this, other);
    }

    /// <summary>-1, 0 or 1.</summary>
    public int Sign => IsZero ? 0 : _isNegative ? -1 : 1;

    private static int CompareMagnitude(in DynamoNumber a, in DynamoNumber b)
    {
        if (a.Magnitude != b.Magnitude || a.IsZero || b.IsZero)
        {
            return a.IsZero || b.IsZero ? a._digits.CompareTo(b._digits) : a.Magnitude.CompareTo(b.Magnitude);
        }

        // The first digits stand at the same place: pad the shorter coefficient to the length of the longer one.
        int padding = a._digits - b._digits;
        return padding >= 0
            ? a._coefficient.CompareTo(b._coefficient * Power(padding))
            : (a._coefficient * Power(-padding)).CompareTo(b._coefficient);
    }

    private static NumberFault AddAligned(
        bool aNegative, UInt128 a, bool bNegative, UInt128 b, int exponent, out DynamoNumber sum)
    {
        if (aNegative == bNegative)
        {
            return Create(aNegative, a + b, exponent, out sum);
        }

        return a >= b ? Create(aNegative, a - b, exponent, out sum) : Create(bNegative, b - a, exponent, out sum);
    }

    private static NumberFault AddWide(in DynamoNumber a, in DynamoNumber b, int shift, out DynamoNumber sum)
    {
        BigInteger total = ((BigInteger)a._coefficient * BigInteger.Pow(10, shift) * a.Sign) + ((BigInteger)b._coefficient * b.Sign);
        BigInteger magnitude = BigInteger.Abs(total);
        int exponent = b._exponent;
        while (!magnitude.IsZero)
        {
            BigInteger quotient = BigInteger.DivRem(magnitude, 10, out BigInteger remainder);
            if (!remainder.IsZero)
            {
                break;
            }

            magnitude = quotient;
            exponent++;
        }

        sum = Zero;
        return magnitude > (BigInteger)UInt128.MaxValue
            ? NumberFault.TooManyDigits
            : Create(total.Sign < 0, (UInt128)magnitude, exponent, out sum);
    }

    private static UInt128 StripZeros(UInt128 coefficient, ref int exponent)
    {
        while (coefficient > ulong.MaxValue)
        {
            (UInt128 quotient, UInt128 remainder) = UInt128.DivRem(coefficient, 10);
            if (remainder != 0)
            {
                return coefficient;
            }

            coefficient = quotient;
            exponent++;
        }

        ulong small = (ulong)coefficient;
        while (small % 10 == 0)
        {
            small /= 10;
            exponent++;
        }

        return small;
    }

    private static int CountDigits(UInt128 value)
    {
        int digits = 0;
        if (value > ulong.MaxValue)
        {
            value /= SmallPower(19);
            digits = 19;
        }

        // At most 39 digits: the part above the lowest 19 can still exceed 64 bits by one digit.
        if (value > ulong.MaxValue)
        {
            value /= 10;
            digits++;
        }

        for (ulong small = (ulong)value; small != 0; small /= 10)
        {
            digits++;
        }

        return digits;
    }

    private static ulong SmallPower(int exponent) => SmallPowers[exponent];

    private static UInt128 Power(int exponent) =>
        exponent <= 19 ? SmallPowers[exponent] : (UInt128)SmallPowers[19] * SmallPowers[exponent - 19];

    private static ulong[] MakeSmallPowers()
    {
        ulong[] powers = new ulong[20];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}

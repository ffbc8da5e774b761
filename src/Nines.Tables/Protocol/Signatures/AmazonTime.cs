namespace Nines.Tables.Protocol.Signatures;

/// <summary>
/// Points in time as signatures have them: seconds since 1970 here, ISO 8601's basic format (<c>20150830T123600Z</c>) in what is signed.
/// </summary>
public static class AmazonTime
{
    /// <summary>Bytes of the basic format.</summary>
    public const int Length = 16;

    /// <summary>The part of it that names the day.</summary>
    public const int DayLength = 8;

    private const int SecondsPerDay = 86_400;
    private const int MinYear = 1970;
    private const int MaxYear = 9998;
    private const int HttpDateLength = 29;

    private static readonly int EpochDay = new DateOnly(MinYear, 1, 1).DayNumber;

    /// <summary>The basic format, as in <c>X-Amz-Date</c>, or that of HTTP's <c>Date</c> (RFC 9110, section 5.6.7).</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        return text.Length == Length ? TryBasic(text, out seconds) : text.Length == HttpDateLength && TryHttpDate(text, out seconds);
    }

    /// <summary>Writes the basic format.</summary>
    /// <param name="seconds">Since 1970; from 1970 to 9998.</param>
    /// <param name="to">At least <see cref="Length"/> bytes.</param>
    public static void Write(long seconds, Span<byte> to)
    {
        var day = DateOnly.FromDayNumber(EpochDay + (int)(seconds / SecondsPerDay));
        int second = (int)(seconds % SecondsPerDay);
        Digits(to[..4], day.Year);
        Digits(to.Slice(4, 2), day.Month);
        Digits(to.Slice(6, 2), day.Day);
        to[8] = (byte)'T';
        Digits(to.Slice(9, 2), second / 3600);
        Digits(to.Slice(11, 2), second / 60 % 60);
        Digits(to.Slice(13, 2), second % 60);
        to[15] = (byte)'Z';
    }

    /// <summary>The basic format as text.</summary>
    public static string ToText(long seconds)
    {
        Span<byte> text = stackalloc byte[Length];
        Write(seconds, text);
        return System.Text.Encoding.ASCII.GetString(text);
    }

    private static bool TryBasic(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        return text[8] == 'T' && text[15] == 'Z'
            && TryNumber(text[..4], out int year) && TryNumber(text.Slice(4, 2), out int month) && TryNumber(text.Slice(6, 2), out int day)
            && TryNumber(text.Slice(9, 2), out int hour) && TryNumber(text.Slice(11, 2), out int minute)
            && TryNumber(text.Slice(13, 2), out int second)
            && TrySeconds((year, month, day), (hour, minute, second), out seconds);
    }

    /// <summary>"Sun, 06 Nov 1994 08:49:37 GMT"; the name of the day is not looked at.</summary>
    private static bool TryHttpDate(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        int month = "JanFebMarAprMayJunJulAugSepOctNovDec"u8.IndexOf(text.Slice(8, 3));
        return text[3] == ',' && text.EndsWith(" GMT"u8) && text[19] == ':' && text[22] == ':' && month >= 0 && month % 3 == 0
            && TryNumber(text.Slice(5, 2), out int day) && TryNumber(text.Slice(12, 4), out int year)
            && TryNumber(text.Slice(17, 2), out int hour) && TryNumber(text.Slice(20, 2), out int minute)
            && TryNumber(text.Slice(23, 2), out int second)
            && TrySeconds((year, (month / 3) + 1, day), (hour, minute, second), out seconds);
    }

    private static bool TrySeconds((int Year, int Month, int Day) date, (int Hour, int Minute, int Second) time, out long seconds)
    {
        seconds = 0;
        if (date.Year is < MinYear or > MaxYear || date.Month is < 1 or > 12 || time.Hour > 23 || time.Minute > 59 || time.Second > 59)
        {
            return false;
        }

        var first = new DateOnly(date.Year, date.Month, 1);
        if (date.Day < 1 || date.Day > first.AddMonths(1).AddDays(-1).Day)
        {
            return false;
        }

        long days = first.DayNumber - EpochDay + date.Day - 1;
        seconds = (days * SecondsPerDay) + (time.Hour * 3600) + (time.Minute * 60) + time.Second;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = (number * 10) + digit - '0';
        }

        return true;
    }

    private static void Digits(Span<byte> to, int number)
    {
        for (int i = to.Length - 1; i >= 0; i--)
        {
            to[i] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }
}

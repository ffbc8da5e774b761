using System.Globalization;

namespace Nines.Tables.Model.Catalogue;

/// <summary>Times as DynamoDB's messages write them. The calendar is reckoned here: the one of the runtime comes with a clock.</summary>
public static class CivilTime
{
    private const long SecondsOfDay = 24 * 60 * 60;

    private static readonly string[] Weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly string[] Months =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ];

    /// <summary>"Friday, October 9, 2026 at 1:21:34 AM Coordinated Universal Time" for milliseconds since 1970.</summary>
    public static string Text(long timeMs)
    {
        long seconds = Math.Max(0, timeMs) / 1000;
        long days = seconds / SecondsOfDay;
        long second = seconds % SecondsOfDay;
        (long year, int month, int day) = DateOf(days);
        long hour = second / 3600;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Weekdays[(days + 4) % 7]}, {Months[month - 1]} {day}, {year} at {(hour + 11) % 12 + 1}:{second / 60 % 60:00}:{second % 60:00} {(hour < 12 ? "AM" : "PM")} Coordinated Universal Time");
    }

    /// <summary>"2026-10-09T01:21:34.005", as labels of streams are written, for milliseconds since 1970.</summary>
    public static string Label(long timeMs)
    {
        long seconds = Math.Max(0, timeMs) / 1000;
        (long year, int month, int day) = DateOf(seconds / SecondsOfDay);
        long second = seconds % SecondsOfDay;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{year:0000}-{month:00}-{day:00}T{second / 3600:00}:{second / 60 % 60:00}:{second % 60:00}.{Math.Max(0, timeMs) % 1000:000}");
    }

    /// <summary>
    /// The date of a number of days since 1970, after Howard Hinnant's civil_from_days: years begin in March, so that the leap day is
    /// a year's last, and 400 of them are an era of 146,097 days.
    /// </summary>
    private static (long Year, int Month, int Day) DateOf(long days)
    {
        const long DaysOfEra = 146_097;
        const long DaysTo1970 = 719_468;
        long shifted = days + DaysTo1970;
        long era = shifted / DaysOfEra;
        long dayOfEra = shifted % DaysOfEra;
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long fromMarch = ((5 * dayOfYear) + 2) / 153;
        var day = (int)(dayOfYear - (((153 * fromMarch) + 2) / 5) + 1);
        var month = (int)(fromMarch < 10 ? fromMarch + 3 : fromMarch - 9);
        return ((400 * era) + yearOfEra + (month <= 2 ? 1 : 0), month, day);
    }
}

using System.Globalization;
using System.Text;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol.Operations;

/// <summary>Tags and keys of tags as a request gives them, and what DynamoDB asks of them.</summary>
internal static class TagList
{
    public const string TooMany = "Number of Tags exceed the current limit for the provided ResourceArn";

    private const int KeyLengthMax = 128;
    private const int ValueLengthMax = 256;
    private const string ReservedPrefix = "aws:";
    private const string Punctuation = "_.:/=+-@";

    // More than the limit, so that the error says so; beyond that they only cost memory.
    private const int Kept = 10 * TableTags.CountMax;

    /// <summary>A tag as sent.</summary>
    public readonly record struct SentTag(string? Key, string? Value);

    /// <summary>The value of the current member as a list of tags; null when absent or wrong.</summary>
    public static List<SentTag>? Read(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var tags = new List<SentTag>();
        while (json.NextElement())
        {
            if (json.IsElement("Tag") && ReadTag(ref json) is var tag && tags.Count < Kept)
            {
                tags.Add(tag);
            }
        }

        return tags;
    }

    /// <summary>The value of the current member as a list of keys; null when absent or wrong.</summary>
    public static List<string?>? ReadKeys(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return null;
        }

        var keys = new List<string?>();
        while (json.NextElement())
        {
            if (json.StringHere() is var key && keys.Count < Kept)
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>What is wrong with tags, or null.</summary>
    public static string? Check(List<SentTag> tags)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        string? duplicate = null;
        foreach ((string? key, string? value) in tags)
        {
            string? message = CheckKey(key)
                ?? (key!.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase) ? $"Tag Key cannot be prefixed with aws:, Key: {key}"
                : !IsText(value, ValueLengthMax) ? $"The Tag Value provided is invalid, Value: {Shown(value)}"
                : null);
            if (message is not null)
            {
                return message;
            }

            duplicate ??= keys.Add(key!) ? null : key;
        }

        return duplicate is not null ? $"Duplicate Tag Keys provided as input: Duplicate Tag Key found {duplicate}"
            : tags.Count > TableTags.CountMax ? TooMany
            : null;
    }

    /// <summary>What is wrong with keys of tags, or null.</summary>
    public static string? Check(List<string?> keys)
    {
        foreach (string? key in keys)
        {
            if (CheckKey(key) is { } message)
            {
                return message;
            }
        }

        return keys.Count > TableTags.CountMax ? TooMany : null;
    }

    /// <summary>Tags that passed <see cref="Check(List{SentTag})"/>.</summary>
    public static TableTags ToTags(List<SentTag> tags) => TableTags.Of(tags.Select(tag => new TableTag(tag.Key!, tag.Value!)));

    private static SentTag ReadTag(ref JsonInput json)
    {
        string? key = null;
        string? value = null;
        while (json.NextMember())
        {
            if (json.Is("Key"u8))
            {
                key = json.String();
            }
            else if (json.Is("Value"u8))
            {
                value = json.String();
            }
            else
            {
                json.Skip();
            }
        }

        return new SentTag(key, value);
    }

    private static string? CheckKey(string? key) =>
        string.IsNullOrEmpty(key) || !IsText(key, KeyLengthMax) ? $"The Tag Key provided is invalid, Key: {Shown(key)}" : null;

    private static string Shown(string? text) => text is null ? "null" : Constraints.Cut(text);

    /// <summary>Letters, digits and spaces of any script, and a little punctuation.</summary>
    private static bool IsText(string? text, int lengthMax)
    {
        if (text is null || text.Length > lengthMax)
        {
            return false;
        }

        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isAllowed = Rune.IsLetter(rune)
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                    or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                || (rune.IsAscii && Punctuation.Contains((char)rune.Value, StringComparison.Ordinal));
            if (!isAllowed)
            {
                return false;
            }
        }

        return true;
    }
}

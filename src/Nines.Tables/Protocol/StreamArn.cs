using Nines.Tables.Model;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The ARN of a stream: that of its table, <c>/stream/</c> and the stream's label.</summary>
internal static class StreamArn
{
    private const string Middle = "/stream/";
    private const string LabelForm = "0000-00-00T00:00:00.000";
    private const int NameMin = 3;
    private const int NameMax = 255;

    /// <summary>The ARN of a stream, after what a table's name is appended to.</summary>
    public static string Of(string arnPrefix, string tableName, string label) => arnPrefix + tableName + Middle + label;

    /// <summary>Reads what was sent. What is no stream's ARN is refused as that; one of another account or region names nothing.</summary>
    public static TableError? TryRead(string sent, TableScope scope, out StreamName? stream)
    {
        // arn : partition : vendor : region : account : table / name / stream / label, of which the label has colons of its own
        const int Parts = 6;
        stream = null;
        string[] parts = sent.Split(':', Parts);
        string[] resource = parts[^1].Split('/');
        if (parts.Length < Parts || parts[0] != "arn" || !parts[1].StartsWith("aws", StringComparison.Ordinal) || parts[2] != "dynamodb"
            || resource is not ["table", var name, "stream", var label]
            || name.Length is < NameMin or > NameMax || !Constraints.IsName(name) || !IsLabel(label) || sent.Length > 1024)
        {
            return TableError.Validation("Invalid StreamArn");
        }

        stream = new StreamName(name, label, sent);
        return sent == Of(scope.ArnPrefix, name, label) ? null : StreamIds.NotFound(sent);
    }

    private static bool IsLabel(string text)
    {
        if (text.Length != LabelForm.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (LabelForm[i] == '0' ? !char.IsAsciiDigit(text[i]) : text[i] != LabelForm[i])
            {
                return false;
            }
        }

        return true;
    }
}

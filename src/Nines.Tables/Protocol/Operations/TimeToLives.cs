using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>UpdateTimeToLive. DescribeTimeToLive carries a table's name alone.</summary>
internal static class TimeToLives
{
    private const string At = "timeToLiveSpecification";
    private const int AttributeMax = 255;

    public static ParsedRequest<TimeToLiveRequest> ParseUpdate(ref JsonInput json)
    {
        string? name = null;
        (bool IsSent, string? Attribute, bool? Enabled) sent = default;
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                name = json.Table().Name;
            }
            else if (json.Is("TimeToLiveSpecification"u8))
            {
                sent = ReadSpecification(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.Pattern(name, "tableName");
        constraints.NotNull(sent.IsSent, At);
        if (sent.IsSent)
        {
            constraints.NotNull(sent.Attribute is not null, At + ".attributeName");
            constraints.LengthAtLeast(sent.Attribute?.Length, 1, At + ".attributeName", () => sent.Attribute!);
            constraints.LengthAtMost(sent.Attribute?.Length, AttributeMax, At + ".attributeName", () => sent.Attribute!);
            constraints.NotNull(sent.Enabled is not null, At + ".enabled");
        }

        return (TableNames.Required(name) ?? constraints.Message) is { } message
            ? new(TableError.Validation(message))
            : new(new TimeToLiveRequest(name!, sent.Attribute!, sent.Enabled == true));
    }

    private static (bool IsSent, string? Attribute, bool? Enabled) ReadSpecification(ref JsonInput json)
    {
        string? attribute = null;
        bool? enabled = null;
        if (!json.Value() || !json.IsField("TimeToLiveSpecification"))
        {
            return default;
        }

        while (json.NextMember())
        {
            if (json.Is("AttributeName"u8))
            {
                attribute = json.String();
            }
            else if (json.Is("Enabled"u8))
            {
                enabled = json.Boolean();
            }
            else
            {
                json.Skip();
            }
        }

        return (true, attribute, enabled);
    }
}

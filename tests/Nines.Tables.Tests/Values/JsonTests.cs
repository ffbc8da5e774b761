using System.Text;
using System.Text.Json;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Values;

public sealed class JsonTests
{
    private const string Invalid = "One or more parameter values were invalid: ";

    [Theory]
    [InlineData("""{"S":"a"}""")]
    [InlineData("""{"S":""}""")]
    [InlineData("""{"S":"ünï\""}""")]
    [InlineData("""{"N":"12.5"}""")]
    [InlineData("""{"B":"AQID"}""")]
    [InlineData("""{"B":""}""")]
    [InlineData("""{"BOOL":true}""")]
    [InlineData("""{"BOOL":false}""")]
    [InlineData("""{"NULL":true}""")]
    [InlineData("""{"SS":["a","b"]}""")]
    [InlineData("""{"NS":["-1","0","2.5"]}""")]
    [InlineData("""{"BS":["AQ==","Ag=="]}""")]
    [InlineData("""{"L":[]}""")]
    [InlineData("""{"L":[{"S":"a"},{"L":[{"N":"1"}]}]}""")]
    [InlineData("""{"M":{}}""")]
    [InlineData("""{"M":{"a":{"M":{"b":{"NULL":true}}},"b":{"S":"x"}}}""")]
    public void A_value_comes_back_as_it_was(string json)
    {
        AttributeValue value = Read(json, out JsonFindings findings);

        Assert.True(findings.IsClean, findings.Invalid ?? findings.Malformed?.Message);
        Assert.Equal(json, Write(value));
        var bytes = new ByteBuffer();
        ItemCodec.Encode(Item.Of(("x", value)), bytes);
        Assert.True(ItemCodec.TryDecode(bytes.ToArray(), out Item item));
        Assert.Equal(value, item["x"]);
    }

    [Theory]
    [InlineData("""{}""", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    [InlineData("""{"X":"a"}""", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    [InlineData("""{"S":null}""", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    [InlineData("""null""", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    [InlineData("""{"S":"a","N":"1"}""", "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")]
    [InlineData("""{"M":{"a":{"S":"a","N":"1"}}}""", "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")]
    [InlineData("""{"SS":[],"N":"b"}""", "The parameter cannot be converted to a numeric value: b")]
    [InlineData("""{"N":""}""", "The parameter cannot be converted to a numeric value")]
    [InlineData("""{"N":"b"}""", "The parameter cannot be converted to a numeric value: b")]
    [InlineData("""{"N":"1e126"}""", "Number overflow. Attempting to store a number with magnitude larger than supported range")]
    [InlineData("""{"N":"-1e126"}""", "Number overflow. Attempting to store a number with magnitude larger than supported range")]
    [InlineData("""{"N":"1e-131"}""", "Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    [InlineData("""{"N":"123456789012345678901234567890123456789"}""", "Attempting to store more than 38 significant digits in a Number")]
    [InlineData("""{"NULL":false}""", Invalid + "Null attribute value types must have the value of true")]
    [InlineData("""{"NULL":"no"}""", Invalid + "Null attribute value types must have the value of true")]
    [InlineData("""{"SS":[]}""", Invalid + "An string set  may not be empty")]
    [InlineData("""{"NS":[]}""", Invalid + "An number set  may not be empty")]
    [InlineData("""{"BS":[]}""", Invalid + "Binary sets should not be empty")]
    [InlineData("""{"SS":["a","b","a"]}""", Invalid + "Input collection [a, b, a] contains duplicates.")]
    [InlineData("""{"NS":["1","1.0"]}""", "Input collection contains duplicates")]
    [InlineData("""{"NS":["1","x"]}""", "The parameter cannot be converted to a numeric value: x")]
    [InlineData("""{"BS":["AQ==","AQ=="]}""", Invalid + "Input collection [AQ==, AQ==]of type BS contains duplicates.")]
    public void An_invalid_value_is_noted(string json, string message)
    {
        Read(json, out JsonFindings findings);

        Assert.Null(findings.Malformed);
        Assert.Equal(message, findings.Invalid);
    }

    [Theory]
    [InlineData("""{"S":1}""", "NUMBER_VALUE cannot be converted to String")]
    [InlineData("""{"S":1.5}""", "DECIMAL_VALUE cannot be converted to String")]
    [InlineData("""{"S":true}""", "TRUE_VALUE cannot be converted to String")]
    [InlineData("""{"N":false}""", "FALSE_VALUE cannot be converted to String")]
    [InlineData("""{"S":[]}""", "Unrecognized collection type class java.lang.String")]
    [InlineData("""{"S":{}}""", "Start of structure or map found where not expected")]
    [InlineData("""{"BOOL":1}""", "NUMBER_VALUE cannot be converted to Boolean")]
    [InlineData("""{"BOOL":"x"}""", "Unexpected token received from parser")]
    [InlineData("""{"B":1}""", "only base-64-encoded strings are convertible to bytes")]
    [InlineData("""{"B":"abc"}""", "Base64 encoded length is expected a multiple of 4 bytes but found: 3")]
    [InlineData("""{"B":"ab=="}""", "Invalid last non-pad Base64 character dectected")]
    [InlineData("""{"B":[]}""", "Unrecognized collection type class java.nio.ByteBuffer")]
    [InlineData("""{"SS":"a"}""", "Unexpected field type")]
    [InlineData("""{"SS":{}}""", "Start of structure or map found where not expected")]
    [InlineData("""{"L":[1]}""", "Unexpected value type in payload")]
    [InlineData("""{"L":[[]]}""", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue")]
    [InlineData("""{"M":[]}""", "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>")]
    [InlineData("""{"M":"a"}""", "Unexpected field type")]
    [InlineData(""" "a" """, "Unexpected value type in payload")]
    [InlineData("""{"S":"\ud800"}""", "Invalid Unicode in a string")]
    public void A_wrong_shape_ends_the_reading(string json, string message)
    {
        Read(json, out JsonFindings findings);

        Assert.NotNull(findings.Malformed);
        Assert.Equal(TableError.SerializationType, findings.Malformed.Type);
        Assert.Equal(message, findings.Malformed.Message);
    }

    [Fact]
    public void Values_nest_up_to_the_limit()
    {
        Read(Nested(TableLimits.NestingLevelsMax - 1), out JsonFindings atLimit);
        Read(Nested(TableLimits.NestingLevelsMax), out JsonFindings beyond);

        Assert.True(atLimit.IsClean);
        Assert.Equal(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
            beyond.Invalid);
    }

    [Fact]
    public void Of_two_attributes_with_one_name_the_later_wins()
    {
        foreach (int count in new[] { 3, 30 })
        {
            string json = "{" + string.Join(",", Enumerable.Range(0, count).Select(i => $$"""
                "{{(i * 7) % (count - 1)}}":{"N":"{{i}}"}
                """)) + "}";
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), AttributeValueJson.ReaderOptions);
            reader.Read();
            var findings = default(JsonFindings);
            Item item = AttributeValueJson.ReadItem(ref reader, ref findings);

            Assert.True(findings.IsClean);
            Assert.Equal(count - 1, item.Count);
            Assert.Equal(AttributeValue.Of(count - 1), item["0"]);
            Assert.Equal(item.Names.ToArray().Order(StringComparer.Ordinal), item.Names.ToArray());
        }
    }

    internal static AttributeValue Read(string json, out JsonFindings findings)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), AttributeValueJson.ReaderOptions);
        reader.Read();
        findings = default;
        return AttributeValueJson.ReadValue(ref reader, ref findings);
    }

    internal static string Write(AttributeValue value)
    {
        var bytes = new ByteBuffer();
        using (var writer = new Utf8JsonWriter(bytes, AttributeValueJson.WriterOptions))
        {
            AttributeValueJson.WriteValue(writer, value);
        }

        return Encoding.UTF8.GetString(bytes.Written);
    }

    private static string Nested(int levels)
    {
        var json = new StringBuilder("""{"S":"x"}""");
        for (int i = 0; i < levels; i++)
        {
            json.Insert(0, """{"L":[""").Append("]}");
        }

        return json.ToString();
    }
}

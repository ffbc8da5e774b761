using System.Text;
using System.Text.Json;
using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Expressions;

/// <summary>Requests in JSON, as clients send them.</summary>
internal static class Given
{
    public static Item Item(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), AttributeValueJson.ReaderOptions);
        reader.Read();
        var findings = default(JsonFindings);
        Item item = AttributeValueJson.ReadItem(ref reader, ref findings);
        Assert.True(findings.IsClean, findings.Invalid ?? findings.Malformed?.Message);
        return item;
    }

    public static string Json(Item item)
    {
        var bytes = new ByteBuffer();
        using (var writer = new Utf8JsonWriter(bytes, AttributeValueJson.WriterOptions))
        {
            AttributeValueJson.WriteItem(writer, item);
        }

        return Encoding.UTF8.GetString(bytes.Written);
    }

    public static Parsed<ExpressionContext> Context(string? names = null, string? values = null)
    {
        var findings = default(JsonFindings);
        List<ExpressionName>? nameList = null;
        List<ExpressionValue>? valueList = null;
        if (names is not null)
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(names));
            reader.Read();
            nameList = ExpressionContext.ReadNames(ref reader, ref findings);
        }

        if (values is not null)
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(values), AttributeValueJson.ReaderOptions);
            reader.Read();
            valueList = ExpressionContext.ReadValues(ref reader, ref findings);
        }

        Assert.Null(findings.Malformed);
        return ExpressionContext.Create(nameList, valueList);
    }

    /// <summary>#a to #f are a to f; :s "s", :n 5, :m 7, :b AQID, :t true, :u null, :l [5], :o {}, :ss [s], :ns [5], :bs [AQID].</summary>
    public static ExpressionContext Usual() => Context(
        """{"#a":"a","#b":"b","#c":"c","#d":"[3]","#x":"SIZE"}""",
        """
        {":s":{"S":"s"},":n":{"N":"5"},":m":{"N":"7"},":b":{"B":"AQID"},":t":{"BOOL":true},":u":{"NULL":true},
         ":l":{"L":[{"N":"5"}]},":o":{"M":{}},":ss":{"SS":["s"]},":ns":{"NS":["5"]},":bs":{"BS":["AQID"]},
         ":N":{"S":"N"},":Q":{"S":"Q"},":z":{"N":"0"},":e":{"L":[]}}
        """).Value!;
}

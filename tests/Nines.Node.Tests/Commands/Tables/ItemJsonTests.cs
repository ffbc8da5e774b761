using System.Text.Json;
using Nines.Node.Commands.Tables;

namespace Nines.Node.Tests.Commands.Tables;

public sealed class ItemJsonTests
{
    [Theory]
    [InlineData("""{"id":{"S":"a"},"n":{"N":"1"}}""", """{"id":{"S":"a"},"n":{"N":"1"}}""")]
    [InlineData("""{"b":{"BOOL":false},"z":{"NULL":true},"l":{"L":[]},"m":{"M":{}},"s":{"SS":["x"]}}""", """{"b":{"BOOL":false},"z":{"NULL":true},"l":{"L":[]},"m":{"M":{}},"s":{"SS":["x"]}}""")]
    [InlineData("""{"id":"a","n":1}""", """{"id":{"S":"a"},"n":{"N":"1"}}""")]
    [InlineData("""{"n":12345678901234567890123456789012345678,"e":1.50E-7}""", """{"n":{"N":"12345678901234567890123456789012345678"},"e":{"N":"1.50E-7"}}""")]
    [InlineData("""{"l":[1,"x",null,true,{"k":[]}]}""", """{"l":{"L":[{"N":"1"},{"S":"x"},{"NULL":true},{"BOOL":true},{"M":{"k":{"L":[]}}}]}}""")]
    [InlineData("""{"id":"å","m":{"S":1}}""", """{"id":{"S":"å"},"m":{"M":{"S":{"N":"1"}}}}""")]
    [InlineData("""{"id":"a","m":{"S":"x","N":"1"}}""", """{"id":{"S":"a"},"m":{"M":{"S":{"S":"x"},"N":{"S":"1"}}}}""")]
    [InlineData("{}", "{}")]
    public void Either_spelling_becomes_dynamodb_json(string given, string expected) =>
        Assert.Equal(expected, ItemJson.Line(ItemJson.Typed(ItemJson.Parse(given))));

    [Fact]
    public void A_mixture_is_refused_and_named_unless_it_is_said_to_be_plain()
    {
        JsonElement mixed = ItemJson.Parse("""{"id":"a","n":{"N":"1"}}""");
        string message = Assert.Throws<FormatException>(() => ItemJson.Typed(mixed)).Message;
        Assert.Contains("\"n\" has a type", message, StringComparison.Ordinal);
        Assert.Contains("\"id\" has none", message, StringComparison.Ordinal);
        Assert.Equal("""{"id":{"S":"a"},"n":{"M":{"N":{"S":"1"}}}}""", ItemJson.Line(ItemJson.Typed(mixed, plain: true)));
    }

    [Theory]
    [InlineData("[1]", "no object")]
    [InlineData("{", "is not JSON")]
    [InlineData("""{"a":1,"a":2}""", "'a'")]
    [InlineData("""{"a":1} {"a":2}""", "is not JSON")]
    public void What_is_no_item_is_refused(string text, string said) =>
        Assert.Contains(said, Assert.Throws<FormatException>(() => ItemJson.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"id":{"S":"a"},"n":{"N":"1.50"},"s":{"NS":["1","2"]},"z":{"NULL":true}}""", """{"id":"a","n":1.5,"s":[1,2],"z":null}""")]
    [InlineData("""{"l":{"L":[{"M":{"b":{"B":"AQ=="}}},{"BOOL":true}]},"t":{"SS":["å"]}}""", """{"l":[{"b":"AQ=="},true],"t":["å"]}""")]
    [InlineData("""{"n":{"N":"12345678901234567890123456789012345678"},"odd":{"N":"+1"},"word":{"N":"x"}}""", """{"n":12345678901234567890123456789012345678,"odd":1,"word":"x"}""")]
    public void Without_types_values_are_what_other_programs_read(string item, string plain) =>
        Assert.Equal(plain, ItemJson.PlainLine(ItemJson.Parse(item)));
}

using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Values;

public sealed class EncodedItemSizeTests
{
    [Fact]
    public void It_is_the_size_of_the_item()
    {
        var prng = new Prng(41);
        for (int i = 0; i < 20_000; i++)
        {
            Item item = Draw.Item(prng);
            Assert.True(ItemSize.Of(item) == EncodedItemSize.Of(Encoded(item)), $"i={i}");
        }
    }

    [Fact]
    public void Bytes_that_are_no_item_have_none()
    {
        byte[] whole = Encoded(Item.Of(("a", AttributeValue.Of("text")), ("n", AttributeValue.Of(12)))).ToArray();
        for (int cut = 0; cut < whole.Length; cut++)
        {
            Assert.Null(EncodedItemSize.Of(whole.AsMemory(0, cut)));
        }

        Assert.Null(EncodedItemSize.Of((byte[])[.. whole, 0]));
    }

    private static ReadOnlyMemory<byte> Encoded(Item item)
    {
        var buffer = new ByteBuffer();
        ItemCodec.Encode(item, buffer);
        return buffer.ToArray();
    }
}

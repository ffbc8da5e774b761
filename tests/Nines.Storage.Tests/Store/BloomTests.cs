using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class BloomTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(20_000)]
    public void Says_yes_to_what_is_there_and_seldom_to_what_is_not(int keys)
    {
        var hashes = new List<ulong>();
        for (int i = 0; i < keys; i++)
        {
            hashes.Add(KeyHash.Of(StoreRig.Key(i)));
        }

        var bytes = new ByteBuffer();
        BloomFilter.Build(hashes, 10, bytes);
        BloomFilter filter = BloomFilter.Parse(bytes.ToArray())!;
        Assert.All(hashes, h => Assert.True(filter.MayContain(h)));
        int wrong = Enumerable.Range(keys, 50_000).Count(i => filter.MayContain(KeyHash.Of(StoreRig.Key(i))));
        Assert.True(wrong < 50_000 * 0.013, $"{wrong} of 50000");
    }

    /// <summary>The hash is part of the file format.</summary>
    [Fact]
    public void Hash_never_changes() =>
        Assert.Equal(Golden.Hashes, Golden.HashInputs.Select(t => KeyHash.Of(StoreRig.Value(t)).ToString("x16")));

    [Fact]
    public void Malformed_filters_are_refused()
    {
        Assert.Null(BloomFilter.Parse([]));
        Assert.Null(BloomFilter.Parse(new byte[8]));
        Assert.Null(BloomFilter.Parse([0, 1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Null(BloomFilter.Parse([31, 1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.NotNull(BloomFilter.Parse([30, 1, 2, 3, 4, 5, 6, 7, 8]));
    }
}

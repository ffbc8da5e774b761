namespace Nines.Kernel;

/// <summary>
/// Partition keys fall into a fixed number of slots, the unit in which keys are given to groups and move between them. The slot of
/// a key never changes, so it can be part of where the key's data is stored.
/// </summary>
public static class Slots
{
    /// <summary>How many slots there are.</summary>
    public const int Count = 1024;

    /// <summary>The slot of a partition key, 0 to <see cref="Count"/> - 1: its CRC-32C, mixed.</summary>
    public static int Of(ReadOnlySpan<byte> partitionKey)
    {
        // A CRC is linear: neighbouring keys would fall into patterned slots. One multiplication breaks the pattern.
        ulong mixed = unchecked(Crc32C.Of(partitionKey) * 0x9E3779B97F4A7C15UL);
        return (int)(mixed >> 54);
    }
}

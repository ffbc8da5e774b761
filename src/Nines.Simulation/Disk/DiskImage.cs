namespace Nines.Simulation.Disk;

/// <summary>A copy of one file's content.</summary>
public sealed class FileImage
{
    internal FileImage(long length, byte[]?[] pages)
    {
        Length = length;
        Pages = pages;
    }

    public long Length { get; }

    internal byte[]?[] Pages { get; }
}

/// <summary>A copy of a whole disk, taken by <see cref="SimulatedDisk.Save"/>.</summary>
public sealed class DiskImage
{
    internal DiskImage(SortedDictionary<string, FileImage> files, IReadOnlyList<string> directories)
    {
        Files = files;
        Directories = directories;
    }

    internal SortedDictionary<string, FileImage> Files { get; }

    internal IReadOnlyList<string> Directories { get; }
}

/// <summary>What a disk was asked to do since it was made.</summary>
public sealed class DiskStatistics
{
    public long Reads { get; internal set; }

    public long BytesRead { get; internal set; }

    public long Writes { get; internal set; }

    public long BytesWritten { get; internal set; }

    public long Syncs { get; internal set; }

    public long PagesSynced { get; internal set; }

    public long DirectorySyncs { get; internal set; }

    public long FaultsFired { get; internal set; }

    public long Crashes { get; internal set; }
}

using Nines.Kernel;
using Nines.Node.Adapters;

namespace Nines.Bench;

/// <summary>Real files beside this program, so on the disk of the build tree; a system's temporary folder is often memory.</summary>
internal sealed class TemporaryDisk : IDisposable
{
    private readonly string _root = Path.Combine(AppContext.BaseDirectory, "data", Guid.NewGuid().ToString("n"));
    private readonly FileDisk _disk;

    public TemporaryDisk() => _disk = new FileDisk(_root);

    public IDisk Disk => _disk;

    public void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}

/// <summary>Background work done at once, in the caller's thread.</summary>
internal static class Inline
{
    public static void Run(this IBackgroundWork work)
    {
        while (work.Step())
        {
        }
    }
}

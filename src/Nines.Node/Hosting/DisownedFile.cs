using System.Text;
using Nines.Kernel;

namespace Nines.Node.Hosting;

/// <summary>
/// Remembers that peers refused this data directory as an old copy. Every start counts the boot number up, so without that a node which
/// is started again and again would soon have a number nobody has seen, and be believed.
/// </summary>
public sealed class DisownedFile(IDisk disk)
{
    private const string FileName = "disowned";
    private const int MaxReasonBytes = 4096;

    /// <summary>What the peer said; null when nobody refused this directory.</summary>
    public string? Reason
    {
        get
        {
            if (!disk.Exists(FileName))
            {
                return null;
            }

            using IDiskFile file = disk.Open(FileName, DiskOpen.Read);
            byte[] bytes = new byte[Math.Min(file.Length, MaxReasonBytes)];
            return Encoding.UTF8.GetString(bytes.AsSpan(0, file.Read(0, bytes)));
        }
    }

    /// <summary>Durable when it returns.</summary>
    public void Clear()
    {
        disk.Delete(FileName);
        disk.SyncDirectory("");
    }

    /// <summary>Durable when it returns.</summary>
    public void Write(string reason)
    {
        using (IDiskFile file = disk.Open(FileName, DiskOpen.Create))
        {
            file.Write(0, Encoding.UTF8.GetBytes(reason));
            file.Sync();
        }

        disk.SyncDirectory("");
    }
}

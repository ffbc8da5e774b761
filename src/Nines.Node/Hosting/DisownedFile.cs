using System.Globalization;
using System.Text;
using Nines.Kernel;

namespace Nines.Node.Hosting;

/// <summary>
/// Remembers that peers refused this data directory as an old copy. Every start counts the boot number up, so without that a node which
/// is started again and again would soon have a number nobody has seen, and be believed. Text: the number they have seen, then what they said.
/// </summary>
public sealed class DisownedFile(IDisk disk)
{
    public const string FileName = "disowned";
    private const int MaxBytes = 4096;

    /// <summary>What the peer said, and the boot it has seen; null when nobody refused this directory.</summary>
    public (BootId Seen, string Reason)? Read()
    {
        if (!disk.Exists(FileName))
        {
            return null;
        }

        using IDiskFile file = disk.Open(FileName, DiskOpen.Read);
        byte[] bytes = new byte[Math.Min(file.Length, MaxBytes)];
        string text = Encoding.UTF8.GetString(bytes.AsSpan(0, file.Read(0, bytes)));
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && long.TryParse(text[..space], NumberStyles.None, CultureInfo.InvariantCulture, out long seen)
            ? (new BootId(seen), text[(space + 1)..])
            : (default(BootId), text);
    }

    /// <summary>Durable when it returns.</summary>
    public void Write(BootId seen, string reason)
    {
        using (IDiskFile file = disk.Open(FileName, DiskOpen.Create))
        {
            file.Write(0, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seen.Value} {reason}")));
            file.Sync();
        }

        disk.SyncDirectory("");
    }

    /// <summary>Durable when it returns.</summary>
    public void Clear()
    {
        disk.Delete(FileName);
        disk.SyncDirectory("");
    }
}

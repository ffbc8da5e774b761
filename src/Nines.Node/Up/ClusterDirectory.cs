using System.Globalization;

namespace Nines.Node.Up;

/// <summary>The directory of a cluster on this machine, held by one <c>nines up</c> at a time.</summary>
internal sealed class ClusterDirectory : IDisposable
{
    private const string LockName = "up.lock";
    private const string HolderName = "up.pid";

    private readonly FileStream _lock;
    private readonly bool _temporary;

    private ClusterDirectory(string path, FileStream held, bool temporary)
    {
        Path = path;
        _lock = held;
        _temporary = temporary;
    }

    public string Path { get; }

    /// <exception cref="UpRefusedException">Another process holds it, or it cannot be written.</exception>
    public static ClusterDirectory Open(UpRequest request)
    {
        string path = request.Ephemeral ? Directory.CreateTempSubdirectory("nines-").FullName : System.IO.Path.GetFullPath(request.Data);
        string lockPath = System.IO.Path.Combine(path, LockName);
        try
        {
            Directory.CreateDirectory(path);
            var held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(HolderPath(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new ClusterDirectory(path, held, request.Ephemeral);
        }
        catch (IOException) when (File.Exists(lockPath))
        {
            throw new UpRefusedException(
                $"{path} is in use by another nines up{Holder(path)}. Stop that one, or choose another directory with --data.",
                ExitCodes.Refused);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UpRefusedException($"{path} cannot be used: {e.Message}. Choose another directory with --data.", ExitCodes.Refused);
        }
    }

    public void Dispose()
    {
        _lock.Dispose();
        if (_temporary)
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static string HolderPath(string path) => System.IO.Path.Combine(path, HolderName);

    private static string Holder(string path)
    {
        try
        {
            return $" (process {File.ReadAllText(HolderPath(path))})";
        }
        catch (IOException)
        {
            return "";
        }
    }
}

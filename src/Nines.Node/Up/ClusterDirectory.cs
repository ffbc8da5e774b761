using System.Globalization;

namespace Nines.Node.Up;

/// <summary>The directory of a cluster on this machine, held by one <c>nines up</c> at a time.</summary>
internal sealed class ClusterDirectory : IDisposable
{
    private const string LockName = "up.lock";
    private const string HolderName = "up.pid";

    /// <summary>EWOULDBLOCK: somebody else has locked the file.</summary>
    private const int WouldBlock = 11;

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
        if (request.Data.Length == 0)
        {
            throw new UpRefusedException("--data: is empty; expected a directory.", ExitCodes.Usage);
        }

        string path = request.Ephemeral ? Directory.CreateTempSubdirectory("nines-").FullName : System.IO.Path.GetFullPath(request.Data);
        string lockPath = System.IO.Path.Combine(path, LockName);
        try
        {
            Directory.CreateDirectory(path);
            var held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                File.WriteAllText(HolderPath(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
                return new ClusterDirectory(path, held, request.Ephemeral);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new UpRefusedException(
                $"{path} is in use by another nines up{Holder(path)}. Stop that one, or choose another directory with --data.",
                ExitCodes.Refused);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UpRefusedException(
                $"--data: {path} cannot be used: {e.Message.TrimEnd('.')}. Choose another directory with --data.", ExitCodes.Refused);
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

using System.Net;
using System.Net.Sockets;
using Nines.Node.Configuration;

namespace Nines.Node.Hosting;

/// <summary>Opens a port, or says in words why it is not to be had.</summary>
internal static class Listening
{
    /// <exception cref="StartRefusedException">The port is not to be had.</exception>
    public static async Task<T> AtAsync<T>(ConfigurationKey key, IPEndPoint address, Func<Task<T>> listen)
    {
        try
        {
            return await listen();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw Refused(key, address, e);
        }
    }

    /// <exception cref="StartRefusedException">The port is not to be had.</exception>
    public static void At(ConfigurationKey key, IPEndPoint address, Action listen)
    {
        try
        {
            listen();
        }
        catch (SocketException e)
        {
            throw Refused(key, address, e);
        }
    }

    private static StartRefusedException Refused(ConfigurationKey key, IPEndPoint address, Exception e)
    {
        // The HTTP server wraps the socket's error, sometimes twice.
        Exception cause = e;
        while (cause is not SocketException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        SocketError error = cause is SocketException socket ? socket.SocketErrorCode : SocketError.AddressAlreadyInUse;
        return new StartRefusedException(
            $"{key.Name}: cannot listen on {address}: {cause.Message.TrimEnd('.')}. {ListenAdvice.For(error, address.Port)}", e);
    }
}

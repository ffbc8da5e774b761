using System.Net.Sockets;

namespace Nines.Node.Configuration;

/// <summary>What to do when a listener is not to be had.</summary>
internal static class ListenAdvice
{
    public static string For(SocketError error, int port) => error switch
    {
        SocketError.AccessDenied => "Ports below 1024 are for privileged processes: choose a port above, or give the process CAP_NET_BIND_SERVICE.",
        SocketError.AddressNotAvailable => "Choose an address of this machine (ip address).",
        _ => $"Stop the other program (ss -ltnp 'sport = :{port}'), or choose another port.",
    };
}

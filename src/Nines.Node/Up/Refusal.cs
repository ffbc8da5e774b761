using System.Net;
using Nines.Node.Doctor;
using Nines.Node.Hosting;

namespace Nines.Node.Up;

/// <summary>What a refusal is about, which decides whom it concerns.</summary>
internal enum RefusalCause
{
    /// <summary>All nodes get the same configuration, but for what the plan decides.</summary>
    Configuration,

    /// <summary>Somebody else listens where the node should.</summary>
    Ports,

    /// <summary>The node's own directory: an old copy, damaged, or another's. No business of the other nodes.</summary>
    Data,
}

/// <summary>A child that ended because it may not run, and will not run by being started again.</summary>
internal sealed record Refusal(PlannedNode Node, RefusalCause Cause, int ExitCode)
{
    /// <summary>The child said why to a person, in its last lines; the exit code is one for ports and data, so the ports are tried.</summary>
    public static Refusal Of(PlannedNode node, int exitCode) => new(
        node, exitCode == ExitCodes.Usage ? RefusalCause.Configuration : PortsTaken(node) ? RefusalCause.Ports : RefusalCause.Data, exitCode);

    /// <summary>Whether what stood in the way is gone.</summary>
    public bool IsOver => Cause switch
    {
        RefusalCause.Configuration => false,
        RefusalCause.Ports => !PortsTaken(Node),
        RefusalCause.Data => !Directory.Exists(Node.DataDirectory),
    };

    /// <summary>What is wrong with the node while the others go on, and what to do.</summary>
    public string Advice => Cause == RefusalCause.Ports
        ? $"{Node.Name} is down: another program listens on one of its ports, see its last line. It comes back by itself when the port is free."
        : $"{Node.Name} is down and the others go on without it: {Trouble} Delete the directory {Node.DataDirectory}; "
            + $"{Node.Name} then comes back by itself, with its data rebuilt from the others.";

    private string Trouble => File.Exists(Path.Combine(Node.DataDirectory, DisownedFile.FileName))
        ? "its directory is an old copy, which the other nodes refuse for good."
        : "it cannot use its directory, its last line says why.";

    private static bool PortsTaken(PlannedNode node)
    {
        int[] ports = [node.Ports.Peer, node.Ports.Admin, node.Ports.Tables];
        return ports.Any(port => Checkup.Port("a node", new IPEndPoint(IPAddress.Loopback, port)).Verdict != Verdict.Good);
    }
}

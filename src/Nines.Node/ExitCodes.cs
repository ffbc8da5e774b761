namespace Nines.Node;

/// <summary>What the process says when it ends. Scripts rely on them: append only. docs/operations.md lists them.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>What was asked about is not well: status, doctor or simulate found something; tables did not do all of it.</summary>
    public const int NotWell = 1;

    /// <summary>Wrong usage or configuration.</summary>
    public const int Usage = 2;

    /// <summary>The node refused to start: directory or port in use, another cluster's data. Starting it again changes nothing.</summary>
    public const int Refused = 3;

    /// <summary>The node stopped itself: the disk failed, or an invariant did not hold. Starting it again is right.</summary>
    public const int Fault = 4;

    /// <summary>Interrupted before there was a result, as shells say it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}

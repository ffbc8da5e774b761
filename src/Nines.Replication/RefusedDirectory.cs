using Nines.Kernel;
using Nines.Storage.Log;

namespace Nines.Replication;

/// <summary>
/// What becomes of a data directory that peers refuse, because they have seen a later start of its node or another one with that number. One
/// that met its cluster is an old copy or a second one, and what it has promised since is not in it. One that never did has promised
/// nothing: its number was taken, by a directory that was wiped within the same second or before the clock was set back. If such a
/// founder had to be replaced, the others would wait for it for ever.
/// </summary>
public static class RefusedDirectory
{
    /// <summary>The node may start again on it, once <see cref="BeginAgain"/> was called.</summary>
    public static bool MayBeginAgain(IDisk disk) => !MemberFile.Exists(disk);

    /// <summary>
    /// Forgets the incarnation, durably; the next start comes after the number that was seen and makes a new one of its own. As the old one it could
    /// pass for the directory whose number it had. False: the directory met its cluster and must not be used any more.
    /// </summary>
    public static bool BeginAgain(IDisk disk)
    {
        if (!MayBeginAgain(disk))
        {
            return false;
        }

        SegmentedLog.ForgetPrepared(disk, ReactorStart.LogDirectory);
        MemberFile.ForgetIncarnation(disk);
        return true;
    }
}

namespace Nines.Kernel;

/// <summary>The queues of background work of one node. Work of one lane runs in order, one piece at a time.</summary>
public enum Lane
{
    /// <summary>Log flushes: short, and somebody waits for each.</summary>
    Log,

    /// <summary>Table flushes, compaction, snapshot files: long, and divided into steps.</summary>
    Store,
}

/// <summary>
/// Work that touches the disk, cut into steps so that the simulator can crash, delay or fail it between any two.
/// It owns what it touches until it completes: the reactor does not look at it meanwhile.
/// </summary>
public interface IBackgroundWork
{
    /// <summary>Does the next bounded piece. False: that was the last one. Exceptions end the work and are handed to its owner.</summary>
    bool Step();
}

/// <summary>
/// Runs work beside a reactor: threads in production, events on the virtual clock in the simulator. The completion is called in
/// a later turn of the reactor that started the work (on its thread), with the exception that ended the work or null.
/// </summary>
public interface IBackground
{
    void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed);
}

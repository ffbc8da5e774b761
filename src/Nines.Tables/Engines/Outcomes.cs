using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>
/// What DynamoDB's clients are told when a group could not do a request, or could not say whether it did. Statuses are those that
/// SDKs retry by themselves; the texts say which of the outcomes of docs/guarantees.md it was.
/// </summary>
internal static class Outcomes
{
    /// <summary>The type of errors that say to come again later.</summary>
    public const string ServiceUnavailable = "com.amazonaws.dynamodb.v20120810#ServiceUnavailable";

    /// <summary>The error of an answer; null when it is done.</summary>
    public static TableError? ErrorOf(in Answer answer) => answer.Outcome switch
    {
        Outcome.Done => null,
        Outcome.NotDone => NotDone(answer.Reason),
        Outcome.Unknown => TableError.InternalServer(
            "The outcome is unknown: the request was done once or never, and is never done twice. Send it again with the same "
            + "amz-sdk-invocation-id to get the first answer, or read the item."),
    };

    /// <summary>A stored value cannot be read; nothing was written.</summary>
    public static TableError Damaged() =>
        TableError.InternalServer("The request was not done: a stored value of this item cannot be read.");

    /// <summary>The machine did not understand; nodes of different versions.</summary>
    public static TableError Malformed() =>
        TableError.InternalServer("The request was not done: the group does not understand it. Are all nodes of one version?");

    private static TableError NotDone(Reason reason) => reason switch
    {
        Reason.Overloaded => TableError.Throttling(
            "The request was not done: too many requests are waiting. It may be sent again at any time."),
        Reason.NoLeader => Unavailable("no leader was reached within the deadline"),
        Reason.DeadlinePassed => Unavailable("the deadline passed before it was proposed"),
        Reason.Behind => Unavailable("no replica reached the session's position within the deadline"),
        Reason.DiskFull => Unavailable("the disk is nearly full; reads go on"),
        Reason.Unavailable => Unavailable("this node is stopping"),
        Reason.None => Unavailable("the group could not do it"),
    };

    private static TableError Unavailable(string why) =>
        new(ServiceUnavailable, $"The request was not done: {why}. It may be sent again at any time.", 503);
}

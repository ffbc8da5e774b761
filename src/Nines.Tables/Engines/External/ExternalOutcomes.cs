using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines.External;

/// <summary>
/// What clients are told when the external service gave no answer. Where the service is stays unsaid: that is for <c>nines status</c>.
/// </summary>
internal static class ExternalOutcomes
{
    /// <summary>Refused before anything was sent.</summary>
    public static OperationAnswer Overloaded() => NotDone(Outcomes.ErrorOf(new Answer { Outcome = Outcome.NotDone, Reason = Reason.Overloaded })!);

    /// <summary>No byte of the body has left this node, so nobody can have done it.</summary>
    public static OperationAnswer NotSent(Exception why) => NotDone(new TableError(
        Outcomes.ServiceUnavailable, $"The request was not done: {Words(why)}. It may be sent again at any time.", 503));

    /// <summary>The body, or a part of it, has left this node.</summary>
    public static OperationAnswer Unknown(string why) => new(
        0,
        Certificate.Refused with { Outcome = Outcome.Unknown },
        TableError.InternalServer(
            $"The outcome is unknown: {why}. The request was done once or never; sent again, it may be done a second time. Read the item to see."));

    /// <summary>The body has left, and the answer did not come.</summary>
    public static OperationAnswer NoAnswer(Exception why) => Unknown(
        why is OperationCanceledException
            ? "the external service did not answer within the deadline"
            : "the connection to the external service ended before it had answered");

    private static OperationAnswer NotDone(TableError error) => new(0, Certificate.Refused, error);

    private static string Words(Exception why) => why switch
    {
        OperationCanceledException => "the external service could not be connected to within the deadline",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the external service's name is not known",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection to the external service could be made",
        _ => "the external service cannot be connected to",
    };
}

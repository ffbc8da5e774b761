using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>
/// What the tables door needs of a service that speaks the protocol itself: an operation's name and body in, status and body out
/// (docs/decisions/0011). The door has checked who asks, and sizes; nothing of the body.
/// <list type="bullet">
/// <item>Each call ends within its timeout and says what became of it.</item>
/// <item>An operation is sent once at most: a second send could be a second write.</item>
/// <item>May be called from any thread.</item>
/// </list>
/// </summary>
public interface IOperationEngine
{
    /// <summary>Does one operation.</summary>
    /// <param name="request">The operation. Its body is not looked at any more when the call has ended.</param>
    /// <param name="answer">Takes the service's body, unless there is an error.</param>
    ValueTask<OperationAnswer> DoAsync(OperationRequest request, ByteBuffer answer);
}

/// <summary>An operation as a client sent it.</summary>
public sealed record OperationRequest
{
    /// <summary>The value of <c>X-Amz-Target</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Decompressed.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary><c>application/x-amz-json-1.0</c>, or <c>application/json</c>.</summary>
    public required string ContentType { get; init; }

    /// <summary>The value of <c>amz-sdk-invocation-id</c>; empty when there is none.</summary>
    public string InvocationId { get; init; } = "";

    /// <summary>How long the call may take.</summary>
    public required TimeSpan Timeout { get; init; }
}

/// <summary>What a service answered, or why there is no answer.</summary>
/// <param name="Status">The service's HTTP status; of no meaning beside an error.</param>
/// <param name="Certificate">What became of the operation.</param>
/// <param name="Error">Set when the service gave no answer that can be handed on.</param>
public readonly record struct OperationAnswer(int Status, Certificate Certificate, TableError? Error = null);

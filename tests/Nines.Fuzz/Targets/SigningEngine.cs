using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Fuzz.Targets;

/// <summary>An external service without a network: does with an operation what is done before it is sent, and answers that it is done.</summary>
internal sealed class SigningEngine : IOperationEngine
{
    private const long Now = 1_700_000_000;

    private readonly ByteBuffer _buffer = new();

    public ValueTask<OperationAnswer> DoAsync(OperationRequest request, ByteBuffer answer)
    {
        var outgoing = new OutgoingRequest("127.0.0.1:8000", request.Target, request.ContentType, request.Body);
        using var message = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:8000/");
        foreach (OutgoingField field in RequestSigner.Sign(_buffer, outgoing, ServiceCredential.Local, "us-east-1", Now))
        {
            Add(message, field.Name, field.Value);
        }

        if (request.InvocationId.Length > 0)
        {
            Add(message, "amz-sdk-invocation-id", request.InvocationId);
        }

        answer.Raw("{}"u8);
        return new(new OperationAnswer(200, Certificate.Done));
    }

    /// <summary>Fields that are no visible text would be refused, or change the request, when it is sent.</summary>
    private static void Add(HttpRequestMessage message, string name, string value) => Invariant.Assert(
        message.Headers.TryAddWithoutValidation(name, value) && !value.AsSpan().ContainsAnyExceptInRange(' ', '~'));
}

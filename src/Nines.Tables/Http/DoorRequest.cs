using System.Globalization;
using Microsoft.AspNetCore.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>What a request's headers say.</summary>
internal static class DoorRequest
{
    public const string SessionHeader = "x-nines-session";

    private const string ConsistencyHeader = "x-nines-consistency";
    private const string TimeoutHeader = "x-nines-timeout-ms";
    private const string InvocationHeader = "amz-sdk-invocation-id";

    /// <summary>The two content types DynamoDB takes; an empty body needs none.</summary>
    public static bool IsJson(HttpRequest request)
    {
        ReadOnlySpan<char> type = request.ContentType;
        int end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        return type is "application/x-amz-json-1.0" or "application/json" || (type.IsEmpty && request.ContentLength is 0);
    }

    /// <summary>The answer's content type repeats the request's.</summary>
    public static string AnswerType(HttpRequest request) =>
        request.ContentType?.StartsWith("application/x-amz-json-1.0", StringComparison.Ordinal) == true
            ? "application/x-amz-json-1.0"
            : "application/json";

    /// <summary>Consistency, session, timeout and invocation id.</summary>
    public static TableError? TryReadCall(HttpRequest request, TablesDoorOptions options, out TableCall call)
    {
        string level = request.Headers[ConsistencyHeader].ToString();
        string timeout = request.Headers[TimeoutHeader].ToString();
        bool hasSession = request.Headers.TryGetValue(SessionHeader, out var session);
        (bool isLevel, Consistency? consistency) = LevelOf(level);
        SessionToken? token = hasSession || level == "sequential" ? SessionToken.TryDecode(session.ToString()) : null;
        TimeSpan? limit = TimeoutOf(timeout, options);
        call = new TableCall
        {
            Timeout = limit ?? options.Timeout,
            Consistency = consistency,
            Session = token,
            InvocationId = Guid.TryParse(request.Headers[InvocationHeader].ToString(), out Guid id)
                ? new UInt128(Half(id, 8), Half(id, 0))
                : UInt128.Zero,
        };
        return !isLevel ? Wrong(ConsistencyHeader, level, "eventual, sequential or strong")
            : hasSession && token is null ? Wrong(SessionHeader, session.ToString(), "a token this server gave out")
            : limit is null ? Wrong(TimeoutHeader, timeout, $"a number of milliseconds up to {TablesDoorOptions.MaxTimeout.TotalMilliseconds}")
            : null;
    }

    private static (bool IsLevel, Consistency? Consistency) LevelOf(string level) => level switch
    {
        "" => (true, null),
        "eventual" => (true, Consistency.Eventual),
        "sequential" => (true, Consistency.Sequential),
        "strong" => (true, Consistency.Strong),
        _ => (false, null),
    };

    private static TimeSpan? TimeoutOf(string timeout, TablesDoorOptions options)
    {
        if (timeout.Length == 0)
        {
            return options.Timeout;
        }

        return int.TryParse(timeout, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds)
            && milliseconds > 0 && milliseconds <= TablesDoorOptions.MaxTimeout.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(milliseconds)
                : null;
    }

    private static ulong Half(Guid id, int offset)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = id.TryWriteBytes(bytes);
        return BitConverter.ToUInt64(bytes[offset..]);
    }

    private static TableError Wrong(string header, string value, string wanted) =>
        TableError.Validation($"The header {header} is '{value[..Math.Min(value.Length, 64)]}'; it must be {wanted}");
}

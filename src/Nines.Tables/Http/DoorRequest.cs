using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>What a request's headers say.</summary>
internal static class DoorRequest
{
    private const int MaxShownChars = 64;
    private const int MaxForwardedId = 128;

    public static ReadOnlySpan<byte> SessionHeader => "x-nines-session"u8;

    private static ReadOnlySpan<byte> ConsistencyHeader => "x-nines-consistency"u8;

    private static ReadOnlySpan<byte> TimeoutHeader => "x-nines-timeout-ms"u8;

    private static ReadOnlySpan<byte> Json10 => "application/x-amz-json-1.0"u8;

    /// <summary>The two content types DynamoDB takes; an empty body needs none.</summary>
    public static bool IsJson(HttpExchange exchange)
    {
        ReadOnlySpan<byte> type = exchange.Header("content-type"u8);
        int end = type.IndexOf((byte)';');
        type = (end < 0 ? type : type[..end]).Trim((byte)' ');
        return type.SequenceEqual(Json10) || type.SequenceEqual("application/json"u8) || (type.IsEmpty && exchange.Body.IsEmpty);
    }

    /// <summary>The invocation id as sent, when it can be sent on as it is: up to 128 visible ASCII characters, which SDKs never exceed. Else empty.</summary>
    public static string InvocationText(HttpExchange exchange)
    {
        ReadOnlySpan<byte> text = exchange.Header("amz-sdk-invocation-id"u8);
        return text.Length <= MaxForwardedId && !text.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? Text(text) : "";
    }

    /// <summary>The answer's content type repeats the request's.</summary>
    public static bool WantsJson10(HttpExchange exchange) => exchange.Header("content-type"u8).StartsWith(Json10);

    /// <summary>Consistency, session, timeout and invocation id.</summary>
    public static TableError? TryReadCall(
        HttpExchange exchange, ReadOnlySpan<byte> body, TablesDoorOptions options, out TableCall call)
    {
        ReadOnlySpan<byte> level = exchange.Header(ConsistencyHeader);
        ReadOnlySpan<byte> timeout = exchange.Header(TimeoutHeader);
        bool hasSession = exchange.TryGetHeader(SessionHeader, out ReadOnlySpan<byte> session);
        (bool isLevel, Consistency? consistency) = LevelOf(level);
        SessionToken? token = hasSession || level.SequenceEqual("sequential"u8) ? SessionToken.TryDecode(Text(session)) : null;
        TimeSpan? limit = TimeoutOf(timeout, options);
        call = new TableCall
        {
            Timeout = limit ?? options.Timeout,
            Consistency = consistency,
            Session = token,
            InvocationId = InvocationIdOf(exchange.Header("amz-sdk-invocation-id"u8), body),
        };
        return !isLevel ? Wrong(ConsistencyHeader, level, "eventual, sequential or strong")
            : hasSession && token is null ? Wrong(SessionHeader, session, "a token this server gave out")
            : limit is null ? Wrong(TimeoutHeader, timeout, $"a number of milliseconds up to {TablesDoorOptions.MaxTimeout.TotalMilliseconds}")
            : null;
    }

    private static (bool IsLevel, Consistency? Consistency) LevelOf(ReadOnlySpan<byte> level) =>
        level.IsEmpty ? (true, null)
        : level.SequenceEqual("eventual"u8) ? (true, Consistency.Eventual)
        : level.SequenceEqual("sequential"u8) ? (true, Consistency.Sequential)
        : level.SequenceEqual("strong"u8) ? (true, Consistency.Strong)
        : (false, null);

    private static TimeSpan? TimeoutOf(ReadOnlySpan<byte> timeout, TablesDoorOptions options)
    {
        if (timeout.IsEmpty)
        {
            return options.Timeout;
        }

        return !timeout.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(timeout, out int milliseconds, out int used) && used == timeout.Length
            && milliseconds > 0 && milliseconds <= TablesDoorOptions.MaxTimeout.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(milliseconds)
                : null;
    }

    /// <summary>
    /// SDKs send a text that stays the same when they send a request again, with the same body. Another body under it is another request: to
    /// answer it as done without doing it would lose a write.
    /// </summary>
    private static UInt128 InvocationIdOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> body)
    {
        if (text.IsEmpty)
        {
            return UInt128.Zero;
        }

        Span<byte> hashes = stackalloc byte[2 * SHA256.HashSizeInBytes];
        _ = SHA256.HashData(text, hashes);
        _ = SHA256.HashData(body, hashes[SHA256.HashSizeInBytes..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(hashes, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.Latin1.GetString(value);

    private static TableError Wrong(ReadOnlySpan<byte> header, ReadOnlySpan<byte> value, string wanted) =>
        TableError.Validation($"The header {Text(header)} is '{Text(value[..Math.Min(value.Length, MaxShownChars)])}'; it must be {wanted}");
}

using System.Text;
using Nines.Kernel;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Fuzz.Targets;

/// <summary>What anybody can send before it is known who it is: signatures, points in time, what answers it takes; access keys as they are configured.</summary>
internal static class SignatureTargets
{
    private const long Now = 1_440_938_160;

    private const string Authorization =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, "
        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    private static readonly string[] Words =
    [
        "AWS4-", "HMAC-SHA256", "Credential=", "SignedHeaders=", "Signature=", "host", ";", "/", "//", "/../", "/./", "?", "&", "=", "%", "%2F", "%zz", " ", "  ",
        ",", "aws4_request", "dynamodb", "20150830", "99991231T235959Z", "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", "://", "\n", "host;host;host;host;",
    ];

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("tables.signature", static () => new Decoder("tables.signature", Requests(), TryRequest) { Words = Bytes.OfAll(Words), PerByte = 1024 }),
        new("tables.signature.time", static () => new Decoder(
            "tables.signature.time", Bytes.OfAll("20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", "20240229T235959Z"), TryTime) { Words = Bytes.OfAll(Words) }),
        new("tables.acceptEncoding", static () => new Decoder(
            "tables.acceptEncoding", Bytes.OfAll("gzip", "br;q=1, gzip;q=0.5, *;q=0"), static i => AcceptEncoding.TakesGzip(i)) { Words = Bytes.OfAll("gzip", ";", "q=", "0.000") }),
        new("tables.accessKey", static () => new Decoder(
            "tables.accessKey", Bytes.OfAll("AKID:0123456789abcdef", "a.b_c-d:with/and+more=:and:colons"), i => AccessKey.TryParse(Encoding.UTF8.GetString(i)) is not null)),
    ];

    private static IReadOnlyList<byte[]> Requests() => Bytes.OfAll(
        $"/\n20150830T123600Z\n{Authorization}\n{{}}",
        $"http://h/a/../b//c%20d/?x=%7e&a&b=c\nSun, 30 Aug 2015 12:36:00 GMT\n{Authorization.Replace(", ", ",", StringComparison.Ordinal)}\n");

    /// <summary>Lines with target, date and authorization; then the body.</summary>
    private static bool TryRequest(byte[] input)
    {
        byte[][] lines = new byte[3][];
        ReadOnlySpan<byte> left = input;
        for (int i = 0; i < lines.Length; i++)
        {
            int end = left.IndexOf((byte)'\n');
            lines[i] = (end < 0 ? default : left[..end]).ToArray();
            left = end < 0 ? left : left[(end + 1)..];
        }

        var request = new SignedRequest
        {
            Method = "POST"u8, Target = lines[0], Body = left,
            Fields = (ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) =>
            {
                value = name.SequenceEqual("authorization"u8) ? lines[2] : name.SequenceEqual("x-amz-date"u8) ? lines[1] : "  a   value "u8;
                return true;
            },
        };
        if (SignatureRules.Read(request, Now, out SignatureClaim claim) is { } error)
        {
            Invariant.Assert(error.Status == 400 && error.Message.Length > 0);
            return false;
        }

        var buffer = new ByteBuffer();
        CanonicalRequest.Write(buffer, request, claim.SignedHeaders);
        Span<byte> key = stackalloc byte[RequestSignature.KeyLength];
        RequestSignature.DeriveKey("0123456789abcdef", claim.Scope[..AmazonTime.DayLength], claim.Region, "dynamodb"u8, key);
        Span<byte> signature = stackalloc byte[RequestSignature.Length];
        RequestSignature.Sign(buffer, claim.SignedAt, claim.Scope, key, signature);
        Invariant.Assert(Convert.FromHexString(signature, stackalloc byte[RequestSignature.KeyLength], out _, out _) == System.Buffers.OperationStatus.Done);
        return true;
    }

    private static bool TryTime(byte[] input)
    {
        if (!AmazonTime.TryRead(input, out long seconds))
        {
            return false;
        }

        Span<byte> again = stackalloc byte[AmazonTime.Length];
        AmazonTime.Write(seconds, again);
        Invariant.Assert(AmazonTime.TryRead(again, out long same) && same == seconds);
        return true;
    }
}

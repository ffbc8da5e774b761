using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables.Tests.Protocol;

/// <summary>Signature Version 4 by AWS's published cases, and what is said of signatures that are none.</summary>
public sealed class SignatureTests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const string Good = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    private const string Date = "20150830T123600Z";
    private const long SignedAt = 1_440_938_160;

    public static TheoryData<string> Names => [.. Vector.All.Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_published_request_has_its_published_signature(string name)
    {
        Vector vector = Vector.All.Single(v => v.Name == name);
        Span<byte> key = stackalloc byte[RequestSignature.KeyLength];
        RequestSignature.DeriveKey(Secret, "20150830"u8, "us-east-1"u8, "service"u8, key);
        var buffer = new ByteBuffer(1);
        CanonicalRequest.Write(buffer, vector.Request(), Encoding.UTF8.GetBytes(vector.SignedHeaders));
        Span<byte> signature = stackalloc byte[RequestSignature.Length];
        RequestSignature.Sign(buffer, SignedAt, "20150830/us-east-1/service/aws4_request"u8, key, signature);
        Assert.Equal(vector.Signature, Encoding.ASCII.GetString(signature));
    }

    [Fact]
    public void There_are_as_many_cases_as_were_published() => Assert.Equal(30, Vector.All.Select(v => v.Name).Distinct().Count());

    [Fact]
    public void The_published_signing_key_is_derived()
    {
        var key = new byte[RequestSignature.KeyLength];
        RequestSignature.DeriveKey(Secret, "20150830"u8, "us-east-1"u8, "iam"u8, key);
        Assert.Equal("c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9", Convert.ToHexStringLower(key));
    }

    [Theory]
    [InlineData("/", "GET", "/", "")]
    [InlineData("", "GET", "/", "")]
    [InlineData("http://127.0.0.1:8000", "GET", "/", "")]
    [InlineData("http://127.0.0.1:8000/a/../b?x=1", "GET", "/b", "x=1")]
    [InlineData("/a/./b/../c/", "GET", "/a/c/", "")]
    [InlineData("/../../a/..", "GET", "/", "")]
    [InlineData("/%E1%88%B4", "GET", "/%25E1%2588%25B4", "")]
    [InlineData("/?b&a=%7e&a=%2F/&&%zz", "GET", "/", "%25zz=&a=%2F%2F&a=~&b=")]
    public void A_target_has_one_form(string target, string method, string path, string query)
    {
        var buffer = new ByteBuffer();
        CanonicalRequest.Write(buffer, Vector.RequestOf(method, target, [], ""), "host"u8);
        Assert.StartsWith($"{method}\n{path}\n{query}\nhost:\n\nhost\ne3b0c44298fc1c149afbf4c8996fb924", Encoding.UTF8.GetString(buffer.Written), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_lowered_and_blanks_of_values_collapsed()
    {
        var buffer = new ByteBuffer();
        CanonicalRequest.Write(buffer, Vector.RequestOf("POST", "/", [("host", "h"), ("a", "  x   y  z ")], ""), "A;Host"u8);
        Assert.StartsWith("POST\n/\n\na:x y z\nhost:h\n\na;host\n", Encoding.UTF8.GetString(buffer.Written), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("20150830T123600Z", SignedAt)]
    [InlineData("Sun, 30 Aug 2015 12:36:00 GMT", SignedAt)]
    [InlineData("19700101T000000Z", 0)]
    [InlineData("20240229T235959Z", 1_709_251_199)]
    [InlineData("20230229T000000Z", -1)]
    [InlineData("20151301T000000Z", -1)]
    [InlineData("20150830T240000Z", -1)]
    [InlineData("20150830T126000Z", -1)]
    [InlineData("20150830 123600Z", -1)]
    [InlineData("19690830T123600Z", -1)]
    [InlineData("99990830T123600Z", -1)]
    [InlineData("2015083xT123600Z", -1)]
    [InlineData("Sun, 31 Feb 2015 12:36:00 GMT", -1)]
    [InlineData("Sun, 30 anF 2015 12:36:00 GMT", -1)]
    [InlineData("Sun, 30 Aug 2015 12:36:00 PST", -1)]
    [InlineData("", -1)]
    public void Points_in_time_are_read_and_written(string text, long seconds)
    {
        bool isRead = AmazonTime.TryRead(Encoding.ASCII.GetBytes(text), out long read);
        Assert.Equal((seconds >= 0, Math.Max(seconds, 0)), (isRead, read));
        if (isRead && text.Length == AmazonTime.Length)
        {
            Assert.Equal(text, AmazonTime.ToText(read));
        }
    }

    [Theory]
    [InlineData("", Date, "MissingAuthenticationTokenException", "Request is missing Authentication Token")]
    [InlineData("AWS4", Date, "MissingAuthenticationTokenException", "Request is missing Authentication Token")]
    [InlineData("Bearer x", Date, "MissingAuthenticationTokenException", "Request is missing Authentication Token")]
    [InlineData("AWS4-", "", "IncompleteSignatureException",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires "
        + "'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-")]
    [InlineData("AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders", Date, "IncompleteSignatureException",
        "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a,SignedHeaders=,Signature=b", "201", "IncompleteSignatureException",
        "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a,SignedHeaders=,Signature=b", Date, "InvalidSignatureException",
        "'Host' must be a 'SignedHeader' in the AWS Authorization.")]
    [InlineData("AWS4-HMAC-SHA25 Credential=a SignedHeaders=Host Signature=b", Date, "IncompleteSignatureException",
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d,SignedHeaders=host,Signature=b", Date, "IncompleteSignatureException",
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f,SignedHeaders=host,Signature=b", Date, "IncompleteSignatureException",
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d/e/f'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b//d/e//,SignedHeaders=host,Signature=b", Date, "InvalidSignatureException",
        "Credential should be scoped to a valid region, not ''. Credential should be scoped to correct service: 'dynamodb'. Credential should be scoped "
        + "with a valid terminator: 'aws4_request', not 'e'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        + "'b' != '20150830', from '20150830T123600Z'.")]
    public void A_signature_that_is_none_is_refused_in_dynamodbs_words(string authorization, string date, string type, string message)
    {
        TableError error = Read([("authorization", authorization), ("x-amz-date", date)], SignedAt)!;
        Assert.Equal(("com.amazon.coral.service#" + type, message, 400), (error.Type, error.Message, error.Status));
    }

    [Theory]
    [InlineData(-901, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)")]
    [InlineData(-900, null)]
    [InlineData(900, null)]
    [InlineData(901, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)")]
    public void A_clock_may_be_a_quarter_of_an_hour_off(int seconds, string? message) =>
        Assert.Equal(message, Read([("authorization", Good), ("x-amz-date", Date)], SignedAt + seconds)?.Message);

    [Fact]
    public void The_date_field_counts_when_the_other_is_not_there()
    {
        Assert.Null(Read([("authorization", Good), ("date", "Sun, 30 Aug 2015 12:36:00 GMT")], SignedAt));
        Assert.NotNull(Read([("authorization", Good), ("date", Date), ("x-amz-date", "20150730T123600Z")], SignedAt));
    }

    [Fact]
    public void The_operation_must_be_signed_when_there_is_one()
    {
        (string, string)[] fields = [("authorization", Good), ("x-amz-date", Date), ("x-amz-target", "DynamoDB_20120810.GetItem")];
        Assert.Equal("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.", Read(fields, SignedAt)!.Message);
        fields[0].Item2 = Good.Replace("x-amz-date,", "x-amz-date;X-Amz-Target,", StringComparison.Ordinal);
        Assert.Null(Read(fields, SignedAt));
    }

    [Fact]
    public void Fields_are_not_signed_without_end()
    {
        string many = Good.Replace("host;", "host;" + string.Concat(Enumerable.Repeat("a;", 99)), StringComparison.Ordinal);
        Assert.Contains("does not match", Read([("authorization", many), ("x-amz-date", Date)], SignedAt)!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key:0123456789abcdef", true)]
    [InlineData("A.b-c_9:with:colon/and+more=", true)]
    [InlineData("key:0123456789abcde", false)]
    [InlineData(":0123456789abcdef", false)]
    [InlineData("a/b:0123456789abcdef", false)]
    [InlineData("key:0123456789 abcdef", false)]
    [InlineData("key:0123456789é0123456789", false)]
    [InlineData("key", false)]
    public void An_access_key_is_an_id_and_a_secret_that_is_not_shown(string text, bool isGood)
    {
        AccessKey? key = AccessKey.TryParse(text);
        Assert.Equal(isGood, key is not null);
        Assert.Equal(isGood ? text[..text.IndexOf(':', StringComparison.Ordinal)] : null, key?.ToString());
    }

    private static TableError? Read((string, string)[] fields, long now) =>
        SignatureRules.Read(Vector.RequestOf("POST", "/", fields, "{}"), now, out _);

    /// <summary>A case of Conformance/signatures.txt.</summary>
    private sealed record Vector(string Name)
    {
        private readonly List<(string Name, string Value)> _fields = [];
        private string _method = "";
        private string _target = "";
        private string _body = "";

        public static IReadOnlyList<Vector> All { get; } = ReadAll();

        public string SignedHeaders { get; private set; } = "";

        public string Signature { get; private set; } = "";

        public static SignedRequest RequestOf(string method, string target, IReadOnlyList<(string Name, string Value)> fields, string body) => new()
        {
            Method = Encoding.UTF8.GetBytes(method),
            Target = Encoding.UTF8.GetBytes(target),
            Body = Encoding.UTF8.GetBytes(body),
            Fields = (ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) =>
            {
                string text = Encoding.UTF8.GetString(name);
                List<string> values = [.. fields.Where(f => f.Name.Equals(text, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];
                value = Encoding.UTF8.GetBytes(string.Join(',', values));
                return values.Any(v => v.Length > 0);
            },
        };

        public SignedRequest Request() => RequestOf(_method, _target, _fields, _body);

        private static List<Vector> ReadAll()
        {
            var all = new List<Vector>();
            foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Conformance", "signatures.txt")).Where(l => l.Length > 0))
            {
                if (line[0] == '#')
                {
                    all.Add(new Vector(line[2..]));
                    continue;
                }

                all[^1].Take(line);
            }

            return all.FindAll(v => v.Signature.Length > 0);
        }

        private void Take(string line)
        {
            switch (line[..2])
            {
                case "> ":
                    int blank = line.IndexOf(' ', 2);
                    (_method, _target) = (line[2..blank], line[(blank + 1)..]);
                    break;
                case "| ":
                    _body = line[2..];
                    break;
                case "= ":
                    string[] parts = line.Split(' ');
                    (SignedHeaders, Signature) = (parts[1], parts[2]);
                    break;
                default:
                    int colon = line.IndexOf(':', StringComparison.Ordinal);
                    _fields.Add((line[..colon], line[(colon + 1)..].Trim()));
                    break;
            }
        }
    }
}

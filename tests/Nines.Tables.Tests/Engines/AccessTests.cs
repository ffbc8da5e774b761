using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Kernel;
using Nines.Tables.Protocol.Signatures;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>A door with access keys: an unmodified AWS SDK is let in, whoever is wrong about anything is told so by DynamoDB's exceptions.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Id = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const string Put = """{"TableName":"table","Item":{"id":{"S":"a"}}}""";

    private readonly ShiftedTime _time = new();
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync(options: new TablesDoorOptions
        {
            AccessKeys = [AccessKey.TryParse("other:0123456789abcdef")!, AccessKey.TryParse($"{Id}:{Secret}")!], Time = _time,
        });
        using AmazonDynamoDBClient client = Client(new BasicAWSCredentials(Id, Secret));
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "table", BillingMode = BillingMode.PAY_PER_REQUEST,
            AttributeDefinitions = [new("id", ScalarAttributeType.S)], KeySchema = [new("id", KeyType.HASH)],
        });
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Theory]
    [InlineData(Id, Secret, "us-east-1")]
    [InlineData(Id, Secret, "local")]
    [InlineData("other", "0123456789abcdef", "eu-west-1")]
    public async Task A_signed_request_is_let_in_whatever_its_region(string id, string secret, string region)
    {
        using AmazonDynamoDBClient client = Client(new BasicAWSCredentials(id, secret), region);
        for (int i = 0; i < 3; i++)
        {
            await PutAsync(client);
        }

        Assert.Equal("a", (await client.GetItemAsync("table", Key(), consistentRead: true)).Item["id"].S);
    }

    [Fact]
    public async Task A_large_request_is_let_in_and_so_is_one_with_a_session_token()
    {
        using AmazonDynamoDBClient client = Client(new SessionAWSCredentials(Id, Secret, "token"));
        await client.PutItemAsync("table", new() { ["id"] = new() { S = "a" }, ["v"] = new() { S = new string('x', 100_000) } });
        Assert.Equal(100_000, (await client.GetItemAsync("table", Key(), consistentRead: true)).Item["v"].S.Length);
    }

    [Theory]
    [InlineData("nobody", Secret, null, "UnrecognizedClientException", "The security token included in the request is invalid.")]
    [InlineData(Id, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEx", null, "InvalidSignatureException", "The request signature we calculated does not match")]
    [InlineData("other", Secret, null, "InvalidSignatureException", "The request signature we calculated does not match")]
    [InlineData(Id, Secret, "s3", "InvalidSignatureException", "Credential should be scoped to correct service: 'dynamodb'. ")]
    public async Task A_wrong_key_is_refused(string id, string secret, string? service, string type, string message)
    {
        using AmazonDynamoDBClient client = Client(new BasicAWSCredentials(id, secret), service: service);
        await RefusedAsync(client, type, message);
    }

    [Theory]
    [InlineData(-16, "Signature not yet current: ")]
    [InlineData(16, "Signature expired: ")]
    public async Task A_wrong_clock_is_refused(int minutes, string message)
    {
        _time.By = TimeSpan.FromMinutes(minutes);
        using AmazonDynamoDBClient client = Client(new BasicAWSCredentials(Id, Secret));
        await RefusedAsync(client, "InvalidSignatureException", message);
        _time.By = TimeSpan.FromMinutes(minutes - Math.Sign(minutes) * 2);
        await PutAsync(client);
    }

    [Theory]
    [InlineData("body")]
    [InlineData("large body")]
    [InlineData("path")]
    [InlineData("operation")]
    [InlineData("region")]
    [InlineData("signature")]
    public async Task Whatever_is_changed_on_the_way_is_noticed(string what)
    {
        using AmazonDynamoDBClient client = Client(new BasicAWSCredentials(Id, Secret), changed: request => Change(request, what));
        string text = what == "large body" ? new string('x', 100_000) : "x";
        AmazonDynamoDBException refused = await Assert.ThrowsAsync<AmazonDynamoDBException>(
            () => client.PutItemAsync("table", new() { ["id"] = new() { S = "a" }, ["v"] = new() { S = text } }));
        Assert.Equal("InvalidSignatureException", refused.ErrorCode);
        Assert.StartsWith("The request signature we calculated does not match", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_a_request_without_a_signature_is_looked_at()
    {
        int replicated = 0;
        _door.Replicated.Interfere = (_, _) =>
        {
            replicated++;
            return null;
        };
        foreach ((string operation, string body) in new[] { ("PutItem", Put), ("ListTables", "{}"), ("Nothing", "{}"), ("PutItem", "{") })
        {
            DoorAnswer answer = await _door.SendAsync(operation, body);
            Assert.Equal(400, answer.Status);
            Assert.Equal(
                """{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}""", answer.Body);
            Assert.Equal("not-done", answer["x-nines-outcome"]);
            Assert.Equal("application/x-amz-json-1.0", answer["Content-Type"]);
        }

        Assert.Equal(0, replicated);
        Assert.StartsWith("healthy", await _door.Client.GetStringAsync(new Uri(_door.Address)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_body_is_signed_as_it_is_sent()
    {
        byte[] packed = Gzip(Put);
        Assert.Equal(200, (await SendGzipAsync(packed, signed: packed)).Status);
        DoorAnswer other = await SendGzipAsync(packed, signed: Encoding.UTF8.GetBytes(Put));
        Assert.Contains("InvalidSignatureException", other.Body, StringComparison.Ordinal);

        // What nobody signed is not decompressed: that it cannot be is never noticed.
        Assert.Contains("InvalidSignatureException", (await SendGzipAsync([1, 2, 3], signed: packed)).Body, StringComparison.Ordinal);
        Assert.Contains("SerializationException", (await SendGzipAsync([1, 2, 3], signed: [1, 2, 3])).Body, StringComparison.Ordinal);
    }

    private static Dictionary<string, AttributeValue> Key() => new() { ["id"] = new() { S = "a" } };

    private static Task<PutItemResponse> PutAsync(AmazonDynamoDBClient client) => client.PutItemAsync("table", Key());

    private static async Task RefusedAsync(AmazonDynamoDBClient client, string type, string message)
    {
        AmazonDynamoDBException refused = await Assert.ThrowsAsync<AmazonDynamoDBException>(() => PutAsync(client));
        Assert.Equal((type, System.Net.HttpStatusCode.BadRequest), (refused.ErrorCode, refused.StatusCode));
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    private static async Task Change(HttpRequestMessage request, string what)
    {
        string authorization = request.Headers.NonValidated["Authorization"].ToString();
        switch (what)
        {
            case "body" or "large body":
                byte[] body = await request.Content!.ReadAsByteArrayAsync();
                body[^4]++;
                var content = new ByteArrayContent(body);
                content.Headers.ContentType = request.Content.Headers.ContentType;
                request.Content = content;
                break;
            case "path":
                request.RequestUri = new Uri(request.RequestUri!, "/x");
                break;
            case "operation":
                request.Headers.Remove("X-Amz-Target");
                request.Headers.TryAddWithoutValidation("X-Amz-Target", "DynamoDB_20120810.DeleteItem");
                break;
            case "region":
                authorization = authorization.Replace("us-east-1", "us-east-2", StringComparison.Ordinal);
                break;
            default:
                authorization = authorization[..^1] + (authorization[^1] == '0' ? '1' : '0');
                break;
        }

        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private async Task<DoorAnswer> SendGzipAsync(byte[] body, byte[] signed)
    {
        string date = AmazonTime.ToText(_time.GetUtcNow().ToUnixTimeSeconds());
        const string Target = "DynamoDB_20120810.PutItem";
        string host = new Uri(_door.Address).Authority;
        using var request = new HttpRequestMessage(HttpMethod.Post, _door.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", Target);
        request.Headers.TryAddWithoutValidation("X-Amz-Date", date);
        request.Headers.TryAddWithoutValidation("Authorization", Authorization(host, date, Target, signed));
        return await DoorAnswer.OfAsync(await _door.Client.SendAsync(request));
    }

    private static string Authorization(string host, string date, string target, byte[] body)
    {
        string scope = $"{date[..8]}/local/dynamodb/aws4_request";
        var buffer = new ByteBuffer();
        buffer.Raw(Encoding.UTF8.GetBytes(
            $"POST\n/\n\nhost:{host}\nx-amz-target:{target}\n\nhost;x-amz-target\n{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body))}"));
        _ = AmazonTime.TryRead(Encoding.ASCII.GetBytes(date), out long signedAt);
        var key = new byte[RequestSignature.KeyLength];
        RequestSignature.DeriveKey(Secret, Encoding.ASCII.GetBytes(date[..8]), "local"u8, "dynamodb"u8, key);
        var signature = new byte[RequestSignature.Length];
        RequestSignature.Sign(buffer, signedAt, Encoding.ASCII.GetBytes(scope), key, signature);
        return $"AWS4-HMAC-SHA256 Credential={Id}/{scope},SignedHeaders=host;x-amz-target,Signature={Encoding.ASCII.GetString(signature)}";
    }

    private AmazonDynamoDBClient Client(
        AWSCredentials credentials, string region = "us-east-1", string? service = null, Func<HttpRequestMessage, Task>? changed = null)
    {
        var config = new AmazonDynamoDBConfig { ServiceURL = _door.Address, AuthenticationRegion = region, MaxErrorRetry = 0 };
        if (service is not null)
        {
            config.AuthenticationServiceName = service;
        }

        if (changed is not null)
        {
            config.HttpClientFactory = new OnTheWay(changed);
        }

        return new AmazonDynamoDBClient(credentials, config);
    }

    /// <summary>The system's time, off by something.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
    }

    /// <summary>Somebody between client and server.</summary>
    private sealed class OnTheWay(Func<HttpRequestMessage, Task> changed) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Handler(changed));

        private sealed class Handler(Func<HttpRequestMessage, Task> changed) : DelegatingHandler(new SocketsHttpHandler())
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                await changed(request);
                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}

using Nines.Tables.Protocol;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Tables.Tests.Protocol;

/// <summary>What may be handed on to another service, where to, and whose signature it gets.</summary>
public sealed class ForeignTargetTests
{
    [Theory]
    [InlineData("DynamoDB_20120810.GetItem", true)]
    [InlineData("DynamoDBStreams_20120810.GetRecords", true)]
    [InlineData("DynamoDB_20120810.NothingThatThereIs", true)]
    [InlineData("DynamoDB_20120810.", false)]
    [InlineData("DynamoDB_20111205.GetItem", false)]
    [InlineData("DynamoDB_20120810.Get Item", false)]
    [InlineData("DynamoDB_20120810.GetItem\u00e9", false)]
    [InlineData("DynamoDB_20120810.a012345678901234567890123456789012345678901234567890123456789abcd", false)]
    [InlineData("Kinesis_20131202.PutRecord", false)]
    [InlineData("", false)]
    public void Only_operations_of_dynamodb_are_handed_on(string target, bool isOne) => Assert.Equal(isOne, ForeignTarget.IsOne(target));

    [Theory]
    [InlineData("dynamodb.eu-west-1.amazonaws.com", "streams.dynamodb.eu-west-1.amazonaws.com")]
    [InlineData("dynamodb.cn-north-1.amazonaws.com.cn", "streams.dynamodb.cn-north-1.amazonaws.com.cn")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("dynamodb.example.com", "dynamodb.example.com")]
    [InlineData("amazonaws.com", "amazonaws.com")]
    public void Streams_have_a_host_of_their_own_at_aws(string host, string streams)
    {
        Assert.Equal(streams, ForeignTarget.HostFor(host, "DynamoDBStreams_20120810.ListStreams"));
        Assert.Equal(host, ForeignTarget.HostFor(host, "DynamoDB_20120810.ListTables"));
    }

    [Theory]
    [InlineData("id:secret", "id", "secret", "")]
    [InlineData("ASIA:wJalr/UtnFEMI+K7:IQoJb3JpZ2luX2VjE=", "ASIA", "wJalr/UtnFEMI+K7", "IQoJb3JpZ2luX2VjE=")]
    public void A_credential_is_an_id_a_secret_and_perhaps_a_token(string text, string id, string secret, string token)
    {
        ServiceCredential credential = ServiceCredential.TryParse(text)!;
        Assert.Equal((id, secret, token), (credential.Id, credential.Secret, credential.Token));
        Assert.Equal(id, credential.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("id")]
    [InlineData(":secret")]
    [InlineData("id:")]
    [InlineData("id:secret:")]
    [InlineData("id:secret:token:more")]
    [InlineData("id:***")]
    [InlineData("id:se cret")]
    [InlineData("id:secr\u00e9t")]
    public void Anything_else_is_none(string text) => Assert.Null(ServiceCredential.TryParse(text));
}

using System.Text;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

public sealed class AcceptEncodingTests
{
    [Theory]
    [InlineData("gzip", true)]
    [InlineData("GZip", true)]
    [InlineData("br, deflate , gzip;q=0.5", true)]
    [InlineData("identity;q=0,gzip; q=1", true)]
    [InlineData("gzip;q=0.001", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("gzip ; Q=0.000", false)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("identity", false)]
    [InlineData("gzipped, x gzip", false)]
    public void Gzip_is_taken_when_it_is_named(string field, bool takes) =>
        Assert.Equal(takes, AcceptEncoding.TakesGzip(Encoding.ASCII.GetBytes(field)));
}

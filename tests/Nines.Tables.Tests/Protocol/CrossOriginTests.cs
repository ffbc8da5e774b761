using System.Text;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

public sealed class CrossOriginTests
{
    [Theory]
    [InlineData("http://localhost", true)]
    [InlineData("http://localhost:3000", true)]
    [InlineData("https://127.0.0.1:8443", true)]
    [InlineData("http://[::1]", true)]
    [InlineData("http://[::1]:80", true)]
    [InlineData("https://example.com", false)]
    [InlineData("http://localhost.example.com", false)]
    [InlineData("http://localhost:3000.example.com", false)]
    [InlineData("http://127.0.0.1.example.com:80", false)]
    [InlineData("http://[::1", false)]
    [InlineData("localhost", false)]
    [InlineData("file://localhost", false)]
    [InlineData("null", false)]
    public void Without_signatures_only_pages_of_the_same_machine_are_let_in(string origin, bool isAllowed)
    {
        Assert.Equal(isAllowed, CrossOrigin.IsAllowed(Encoding.ASCII.GetBytes(origin), withKeys: false));
        Assert.True(CrossOrigin.IsAllowed(Encoding.ASCII.GetBytes(origin), withKeys: true));
    }

    [Fact]
    public void What_is_no_page_needs_no_permission() => Assert.False(CrossOrigin.IsAllowed(default, withKeys: true));

    [Theory]
    [InlineData("content-type,x-amz-target, Authorization", "content-type,x-amz-target, Authorization")]
    [InlineData("", "")]
    [InlineData("a: b", "")]
    [InlineData("a\tb", "")]
    [InlineData("é", "")]
    public void Requested_fields_are_repeated_when_they_are_names(string requested, string allowed) =>
        Assert.Equal(allowed, Encoding.UTF8.GetString(CrossOrigin.AllowedFields(Encoding.UTF8.GetBytes(requested))));
}

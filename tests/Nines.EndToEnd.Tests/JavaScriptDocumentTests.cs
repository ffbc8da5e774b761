using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>The document client of the AWS SDK for JavaScript, once through every operation and its errors: <c>tests/javascript/documents.mjs</c>.</summary>
public sealed class JavaScriptDocumentTests
{
    private const int MinCases = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Every_case_of_the_document_client_is_answered_as_dynamodb_does()
    {
        string script = JavaScript.PathOrSkip("documents.mjs");
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await using Child cases = JavaScript.Start(script, new { nodes = cluster.TablesUrls });
        Assert.True(await cases.EndAsync(Patience) == 0, $"{cases.Text}\n{cluster.Logs()}");
        Assert.True(cases.Lines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) >= MinCases, cases.Text);
    }
}

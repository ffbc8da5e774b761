namespace Nines.Node.Adapters;

/// <summary>Asks whether anybody answers HTTP at an address. What is answered says nothing: some services refuse what is not signed.</summary>
internal static class ServiceProbe
{
    /// <summary>Shorter than a node waits for its peers' status, which may include this.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        ConnectTimeout = Patience, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4), AllowAutoRedirect = false, UseProxy = false,
    });

    /// <summary>Why there is no answer; empty when there is one.</summary>
    public static async Task<string> AskAsync(Uri endpoint, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using HttpResponseMessage answer = await Client.GetAsync(endpoint, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return "";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalMilliseconds} ms";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }
}

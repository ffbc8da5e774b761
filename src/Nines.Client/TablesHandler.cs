using System.Globalization;

namespace Nines.Client;

/// <summary>
/// Sends each attempt of a call to a node that answers, with what the session has seen, and remembers what the answer has. What was not sent at all
/// is sent to the next node at once. What may have arrived is the SDK's to send again: it does so under the same invocation id, by which
/// Nines knows a write that it has done already.
/// </summary>
internal sealed class TablesHandler : DelegatingHandler
{
    public const string SessionHeader = "x-nines-session";

    private readonly TablesOptions _options;
    private readonly NodeChoice _choice;

    public TablesHandler(TablesOptions options, HttpMessageHandler inner)
        : base(inner)
    {
        _options = options;
        _choice = new NodeChoice(options.Nodes.Count, options.Preferred ?? Random.Shared.Next(options.Nodes.Count), options.Time);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        TablesSession.Entry? entry = TablesSession.Current(_options.Session);
        if (entry is not null)
        {
            Set(request, SessionHeader, entry.Session.Token);
            Set(request, "x-nines-consistency", entry.Consistency.ToString().ToLowerInvariant());
        }

        // A signature covers the host the SDK knows; the node need not be called that.
        Set(request, "x-nines-timeout-ms", ((long)_options.AttemptTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        request.Headers.Host ??= request.RequestUri!.Authority;
        for (int tried = 1; ; tried++)
        {
            int node = _choice.Next();
            try
            {
                HttpResponseMessage response = await AskAsync(_options.Nodes[node], request, cancellationToken).ConfigureAwait(false);
                Note(node, (int)response.StatusCode);
                entry?.Session.Observe(response);
                return response;
            }
            catch (HttpRequestException notSent) when (IsNotSent(notSent) && tried < _options.Nodes.Count)
            {
                _choice.Failed(node);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested)
            {
                _choice.Failed(node);
                string why = failure is OperationCanceledException ? $"no answer within {_options.AttemptTimeout.TotalSeconds:0.#} s" : failure.Message;

                // The SDK shows what is inside, and sends again when that is an I/O failure.
                throw new HttpRequestException(why, new IOException($"{_options.Nodes[node]}: {why}", failure));
            }
        }
    }

    private async Task<HttpResponseMessage> AskAsync(Uri node, HttpRequestMessage request, CancellationToken cancel)
    {
        request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = node.Scheme, Host = node.Host, Port = node.Port }.Uri;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_options.AttemptTimeout);
        HttpResponseMessage response = await base.SendAsync(request, limit.Token).ConfigureAwait(false);
        try
        {
            // The body is part of the answer: a node that dies in between has not answered.
            await response.Content.LoadIntoBufferAsync(limit.Token).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private void Note(int node, int status)
    {
        if (status >= 500)
        {
            _choice.Failed(node);
        }
        else
        {
            _choice.Answered(node);
        }
    }

    private static bool IsNotSent(HttpRequestException failure) =>
        failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    private static void Set(HttpRequestMessage request, string name, string value)
    {
        request.Headers.Remove(name);
        request.Headers.TryAddWithoutValidation(name, value);
    }
}

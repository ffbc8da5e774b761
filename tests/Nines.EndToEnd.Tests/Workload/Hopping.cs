using System.Globalization;
using System.Net.Sockets;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>
/// Sends each attempt of a client to one node, and the next attempt to another one when it failed, as a client does that knows several
/// addresses. Reads what the answers say of themselves.
/// </summary>
internal sealed class Hopping(IReadOnlyList<Uri> nodes, int first, TimeSpan attemptTimeout) : DelegatingHandler(NewSockets())
{
    /// <summary>A client that hopped away comes back after so many calls, or soon all would be at one node.</summary>
    private const int CallsAway = 16;

    private readonly int _home = first % nodes.Count;
    private int _at = first % nodes.Count;
    private int _away;

    /// <summary>Attempts since <see cref="Begin"/>.</summary>
    public int Attempts { get; private set; }

    /// <summary>Every attempt since <see cref="Begin"/> was answered "not done".</summary>
    public bool AllNotDone { get; private set; }

    public string Outcome { get; private set; } = "";

    public int Group { get; private set; } = -1;

    public long Position { get; private set; }

    public string Node { get; private set; } = "";

    /// <summary>All attempts of one call must carry one invocation id.</summary>
    public string InvocationId { get; private set; } = "";

    public void Begin()
    {
        Attempts = 0;
        AllNotDone = true;
        InvocationId = "";
        Forget();
        _away = _at % nodes.Count == _home ? 0 : _away + 1;
        if (_away > CallsAway)
        {
            _at = _home;
        }
    }

    /// <summary>The next attempt goes to this node.</summary>
    public void Turn(int node) => _at = node;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Attempts++;
        Forget();
        Uri node = nodes[_at % nodes.Count];
        request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = "http", Host = node.Host, Port = node.Port }.Uri;
        CheckInvocation(request);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(attemptTimeout);
        try
        {
            HttpResponseMessage response = await base.SendAsync(request, limit.Token);

            // The body is part of the attempt: a node that dies in between has not answered.
            await response.Content.LoadIntoBufferAsync(limit.Token);
            Read(response);
            return response;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            AllNotDone &= e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
            _at++;
            string why = e is OperationCanceledException ? $"no answer within {attemptTimeout.TotalSeconds} s" : e.Message;
            throw new HttpRequestException($"{node}: {why}", new IOException(why, e));
        }
    }

    private void Read(HttpResponseMessage response)
    {
        Outcome = Header(response, "x-nines-outcome");
        AllNotDone &= Outcome == "not-done";
        Node = Header(response, "x-nines-node");
        if (int.TryParse(Header(response, "x-nines-group"), CultureInfo.InvariantCulture, out int group))
        {
            Group = group;
            Position = long.Parse(Header(response, "x-nines-position"), CultureInfo.InvariantCulture);
        }

        if ((int)response.StatusCode >= 500)
        {
            _at++;
        }
    }

    private void CheckInvocation(HttpRequestMessage request)
    {
        string id = request.Headers.TryGetValues("amz-sdk-invocation-id", out IEnumerable<string>? ids) ? ids.Single() : "";
        Assert.NotEqual("", id);
        Assert.True(Attempts == 1 || id == InvocationId, "a resend has the same invocation id");
        InvocationId = id;
    }

    private void Forget()
    {
        Outcome = "";
        Group = -1;
        Position = 0;
        Node = "";
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : "";

    private static SocketsHttpHandler NewSockets() => new() { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) };
}

namespace Nines.Client;

/// <summary>
/// Somebody's session with the tables: what it has seen, which it never reads behind. Carried by <see cref="TablesClient"/> by itself while the
/// session is entered. Its <see cref="Token"/> can be kept where the somebody is, such as in a cookie, and resumed at another server.
/// May be used by several calls at once.
/// </summary>
public sealed class TablesSession
{
    private static readonly AsyncLocal<Entry?> Ambient = new();

    private readonly Lock _lock = new();
    private string _token;
    private Answered? _last;

    /// <param name="token">What <see cref="Token"/> was; empty for a new session. A text that is no token begins anew.</param>
    public TablesSession(string token = "")
    {
        ArgumentNullException.ThrowIfNull(token);
        _token = SessionPositions.TryRead(token) is null ? "" : token;
    }

    /// <summary>What reads must see when nothing else is said: <see cref="ReadConsistency.Sequential"/>.</summary>
    public ReadConsistency Consistency { get; init; } = ReadConsistency.Sequential;

    /// <summary>What the session has seen, as text: at most some kilobytes, usually tens of bytes. Never goes back.</summary>
    public string Token
    {
        get
        {
            lock (_lock)
            {
                return _token;
            }
        }
    }

    /// <summary>What the last answer said of itself; null before the first.</summary>
    public Answered? Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>
    /// Calls from here on, in this flow of control and what it awaits, belong to the session, until the result is disposed.
    /// <code>
    ///   using (session.Enter())
    ///   {
    ///       await tables.PutItemAsync(...);   // remembered
    ///       await tables.GetItemAsync(...);   // sees it, whichever node answers
    ///   }
    /// </code>
    /// </summary>
    /// <param name="consistency">What reads must see meanwhile; null: as the session says.</param>
    public IDisposable Enter(ReadConsistency? consistency = null)
    {
        Entry? before = Ambient.Value;
        Ambient.Value = new Entry(this, consistency ?? Consistency);
        return new Leaving(before);
    }

    /// <summary>The session that is entered here, or else the given one, with what reads must see; null: none.</summary>
    internal static Entry? Current(TablesSession? otherwise) =>
        Ambient.Value ?? (otherwise is null ? null : new Entry(otherwise, otherwise.Consistency));

    internal void Observe(HttpResponseMessage response)
    {
        var answered = Answered.Of(response);
        string? token = Answered.Text(response, TablesHandler.SessionHeader);
        lock (_lock)
        {
            _last = answered;
            if (token is not null)
            {
                // Another call of the session may have been answered meanwhile, and this answer knows nothing of it.
                _token = SessionPositions.Merge(_token, token);
            }
        }
    }

    /// <summary>A session that is entered, and what its reads must see.</summary>
    internal sealed record Entry(TablesSession Session, ReadConsistency Consistency);

    private sealed class Leaving(Entry? before) : IDisposable
    {
        public void Dispose() => Ambient.Value = before;
    }
}

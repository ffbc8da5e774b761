using System.Collections.Concurrent;
using Nines.Tables.Model.Machine.Transactions;

namespace Nines.Tables.Engines.Transactions;

/// <summary>
/// Tokens of transactions that were done through this node, to notice one that is used again for something else even when that would be
/// decided by another group. Only a notice: that a transaction is done once is the deciding group's to see to.
/// </summary>
internal sealed class RecentTokens(TimeProvider time)
{
    private const int KeptMax = 32 * 1024;

    private readonly ConcurrentDictionary<UInt128, (UInt128 Fingerprint, long At)> _tokens = new();
    private readonly ConcurrentQueue<UInt128> _order = new();

    public bool IsAnother(UInt128 token, UInt128 fingerprint) =>
        _tokens.TryGetValue(token, out (UInt128 Fingerprint, long At) known)
        && known.Fingerprint != fingerprint
        && time.GetElapsedTime(known.At).TotalMilliseconds < TransactionDecision.RememberedMs;

    public void Remember(UInt128 token, UInt128 fingerprint)
    {
        _tokens[token] = (fingerprint, time.GetTimestamp());
        _order.Enqueue(token);
        while (_order.Count > KeptMax && _order.TryDequeue(out UInt128 oldest))
        {
            _tokens.TryRemove(oldest, out _);
        }
    }
}

using Nines.Kernel;

namespace Nines.Replication;

/// <summary>
/// Shows a state machine its own part of a group's keyspace: every key gets the machine's id as first byte on the way in and
/// loses it on the way out. Reused; one thread.
/// </summary>
internal sealed class MachineState : IOrderedState
{
    private readonly ByteBuffer _key = new(512);
    private IOrderedState? _inner;
    private byte _machine;

    public MachineState Over(IOrderedState inner, byte machine)
    {
        _inner = inner;
        _machine = machine;
        return this;
    }

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value) => _inner!.TryGet(Prefixed(key), out value);

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false) =>
        MachineReader.Range(_inner!, _machine, from, to, reverse);

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => _inner!.IsUnchangedSince(Prefixed(key), since);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _inner!.Put(Prefixed(key), value);

    public void Delete(ReadOnlySpan<byte> key) => _inner!.Delete(Prefixed(key));

    private ReadOnlySpan<byte> Prefixed(ReadOnlySpan<byte> key)
    {
        _key.Clear();
        _key.Byte(_machine);
        _key.Raw(key);
        return _key.Written;
    }
}

/// <summary>The same for queries, which run on any thread.</summary>
public sealed class MachineReader(IOrderedReader inner, byte machine) : IOrderedReader
{
    private const int StackKeyBytes = 512;

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        Span<byte> prefixed = key.Length < StackKeyBytes ? stackalloc byte[StackKeyBytes] : new byte[key.Length + 1];
        prefixed[0] = machine;
        key.CopyTo(prefixed[1..]);
        return inner.TryGet(prefixed[..(key.Length + 1)], out value);
    }

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => inner.IsUnchangedSince([machine, .. key], since);

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false) =>
        Range(inner, machine, from, to, reverse);

    internal static IOrderedCursor Range(
        IOrderedReader inner, byte machine, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse)
    {
        byte[] low = [machine, .. from];
        byte[] high = to.IsEmpty ? [(byte)(machine + 1)] : [machine, .. to];
        return new Cursor(inner.Range(low, high, reverse));
    }

    private sealed class Cursor(IOrderedCursor inner) : IOrderedCursor
    {
        public ReadOnlySpan<byte> Key => inner.Key[1..];

        public ReadOnlyMemory<byte> Value => inner.Value;

        public bool MoveNext() => inner.MoveNext();

        public void Dispose() => inner.Dispose();
    }
}

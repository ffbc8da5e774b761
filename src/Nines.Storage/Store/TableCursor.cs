namespace Nines.Storage.Store;

/// <summary>
/// Walks tables that follow one another without overlapping: one level, or a single table of level 0. Opens each table only
/// when the walk reaches it.
/// </summary>
internal sealed class TableCursor(ReadOnlyMemory<TableReader> tables, bool reverse, bool keep) : SourceCursor
{
    private int _table;
    private Block? _index;
    private int _blockNumber;
    private Block? _block;
    private int _place;
    private BlockEntry _entry;
    private byte[] _key = [];
    private int _keyLength;
    private int _prefixLength;

    public override bool IsValid => _block is not null;

    public override ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    public override bool IsTombstone => _entry.IsTombstone;

    public override ReadOnlyMemory<byte> Value => _block!.Value(_entry);

    private TableReader Table => tables.Span[_table];

    public override void Seek(ReadOnlySpan<byte> bound)
    {
        _block = null;
        if (reverse)
        {
            SeekDown(bound);
        }
        else
        {
            SeekUp(bound);
        }
    }

    public override void Advance()
    {
        _place += reverse ? -1 : 1;
        if (_place >= 0 && _place < _block!.Count)
        {
            Show();
            return;
        }

        _blockNumber += reverse ? -1 : 1;
        if (_blockNumber >= 0 && _blockNumber < _index!.Count)
        {
            OpenBlock();
            return;
        }

        OpenTable(_table + (reverse ? -1 : 1));
    }

    private void SeekUp(ReadOnlySpan<byte> bound)
    {
        int table = Version.FirstEndingAtOrAfter(tables.Span, bound);
        if (table == tables.Length)
        {
            return;
        }

        _table = table;
        _index = Table.Index();
        _blockNumber = _index.LowerBound(bound);
        if (_blockNumber == _index.Count)
        {
            throw new DamagedException(Table.Path, 0, "index ends before the table's largest key");
        }

        _block = LoadBlock();
        _place = _block.LowerBound(bound);
        if (_place == _block.Count)
        {
            throw new DamagedException(Table.Path, 0, "block ends before its key in the index");
        }

        Show();
    }

    private void SeekDown(ReadOnlySpan<byte> bound)
    {
        // The tables before this one end before the bound; this one may begin before it.
        int table = bound.IsEmpty ? tables.Length : Version.FirstEndingAtOrAfter(tables.Span, bound);
        if (table == tables.Length || tables.Span[table].Meta.Smallest.AsSpan().SequenceCompareTo(bound) >= 0)
        {
            OpenTable(table - 1);
            return;
        }

        _table = table;
        _index = Table.Index();
        _blockNumber = Math.Min(_index.LowerBound(bound), _index.Count - 1);
        _block = LoadBlock();
        _place = _block.LowerBound(bound);
        Advance();
    }

    /// <summary>Stands on the table's first entry in walking order, or ends.</summary>
    private void OpenTable(int table)
    {
        _block = null;
        if (table < 0 || table >= tables.Length)
        {
            return;
        }

        _table = table;
        _index = Table.Index();
        _blockNumber = reverse ? _index.Count - 1 : 0;
        OpenBlock();
    }

    private void OpenBlock()
    {
        _block = LoadBlock();
        _place = reverse ? _block.Count - 1 : 0;
        Show();
    }

    private Block LoadBlock()
    {
        Block block = Table.DataBlock(_index!, _blockNumber, keep);
        _prefixLength = block.Prefix.Length;
        Reserve(_prefixLength);
        block.Prefix.CopyTo(_key);
        return block;
    }

    private void Show()
    {
        _entry = _block!.Entry(_place);
        ReadOnlySpan<byte> suffix = _block.Suffix(_entry);
        _keyLength = _prefixLength + suffix.Length;
        Reserve(_keyLength);
        suffix.CopyTo(_key.AsSpan(_prefixLength));
    }

    private void Reserve(int length)
    {
        if (_key.Length < length)
        {
            Array.Resize(ref _key, Math.Max(64, length * 2));
        }
    }
}

namespace Nines.Node.Commands.Tables;

/// <summary>Takes a stream apart at its line feeds. A file that has none, and so is no file of items, is told before memory ends.</summary>
internal sealed class LineReader(Stream input)
{
    /// <summary>An item of 400 KB takes no more than a few times its size as JSON.</summary>
    public const int LineMax = 8 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <returns>The next line without its line feed, valid until the next call; null at the end.</returns>
    /// <exception cref="FormatException">The line is longer than <see cref="LineMax"/>.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancel)
    {
        int searched = _start;
        while (true)
        {
            int feed = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                return Take(searched + feed, next: searched + feed + 1);
            }

            if (_isAtEnd)
            {
                // Spelled out, for a plain null would become an empty line, and the end never come.
                return _start < _end ? Take(_end, next: _end) : (ReadOnlyMemory<byte>?)null;
            }

            // Where the new bytes begin is counted from the line's start, which may move.
            int known = _end - _start;
            MakeRoom();
            int count = await input.ReadAsync(_buffer.AsMemory(_end), cancel);
            _isAtEnd = count == 0;
            _end += count;
            searched = _start + known;
        }
    }

    private ReadOnlyMemory<byte> Take(int end, int next)
    {
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, end - _start);
        _start = next;
        Number++;
        return line;
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        int length = _end - _start;
        if (length > LineMax)
        {
            throw new FormatException($"line {Number + 1} is longer than {Output.Bytes(LineMax)}: is this a file of one item a line?");
        }

        byte[] to = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(to);
        (_buffer, _start, _end) = (to, 0, length);
    }
}

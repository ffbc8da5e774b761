namespace Nines.Simulation.Disk;

/// <summary>Pages that nobody holds any more, used again so that a long simulation leaves little garbage.</summary>
internal sealed class PagePool
{
    public const int PageBytes = 4096;

    private const int PagesMax = 4096;

    private readonly Stack<byte[]> _free = new();

    /// <summary>A page with unspecified content.</summary>
    public byte[] Rent() => _free.TryPop(out byte[]? page) ? page : new byte[PageBytes];

    public void Return(byte[] page)
    {
        if (_free.Count < PagesMax)
        {
            _free.Push(page);
        }
    }
}

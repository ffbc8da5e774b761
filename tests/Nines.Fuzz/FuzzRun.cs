using System.Diagnostics;
using System.Text;
using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>A finding: what the decoder did, and the line that does it again.</summary>
public sealed class FindingException(string message, Exception? inner) : Exception(message, inner);

/// <summary>What a run over a target measured.</summary>
public sealed record FuzzFigures(string Target)
{
    public long Inputs { get; set; }

    public long Accepted { get; set; }

    public TimeSpan Slowest { get; set; }

    /// <summary>Allocated by one input.</summary>
    public long MostBytes { get; set; }

    public TimeSpan Time { get; set; }

    public void Add(FuzzFigures more)
    {
        Inputs += more.Inputs;
        Accepted += more.Accepted;
        Slowest = more.Slowest > Slowest ? more.Slowest : Slowest;
        MostBytes = Math.Max(MostBytes, more.MostBytes);
        Time += more.Time;
    }
}

/// <summary>
/// Feeds a target the inputs of a range. Input n of a target depends on the seed, the target's name and n alone, so that any part of a
/// campaign can be run by itself.
/// </summary>
public sealed class FuzzRun(FuzzTarget target, ulong seed)
{
    private readonly Mutator _mutator = new();
    private readonly ulong _stream = unchecked(seed * 0x9E3779B97F4A7C15) ^ ((ulong)Crc32C.Of(Encoding.UTF8.GetBytes(target.Name)) << 24);
    private long _startedAt;
    private long _at;

    /// <summary>How long the input that is being tried has taken so far, and its number. Any thread.</summary>
    public (TimeSpan Time, long Input) Current
    {
        get
        {
            long started = Volatile.Read(ref _startedAt);
            return (started == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(started), Volatile.Read(ref _at));
        }
    }

    public string Target => target.Name;

    /// <summary>The line that runs one input again, from the beginning of its episode.</summary>
    public string Replay(long input)
    {
        long from = input - (input % target.Episode);
        return $"dotnet run -c Release --project tests/Nines.Fuzz -- --target {target.Name} --seed {seed} --skip {from} --inputs {input - from + 1}";
    }

    /// <summary>Runs inputs <paramref name="from"/> (rounded down to an episode) up to, not including, <paramref name="to"/>.</summary>
    /// <exception cref="FindingException">The first finding.</exception>
    public FuzzFigures Run(long from, long to)
    {
        var figures = new FuzzFigures(target.Name);
        from -= from % target.Episode;
        Warm();
        long began = Stopwatch.GetTimestamp();
        for (long at = from; at < to; at++)
        {
            if (at % target.Episode == 0)
            {
                Guard(at, [], () => target.Begin(new Prng(_stream ^ (ulong)at)));
            }

            byte[] input = _mutator.Next(new Prng(unchecked(_stream + ((ulong)at * 0xD1342543DE82EF95))), target);
            TryOne(at, input, figures);
            if (at == to - 1 || (at + 1) % target.Episode == 0)
            {
                Guard(at, input, target.End);
            }
        }

        Volatile.Write(ref _startedAt, 0);
        figures.Time = Stopwatch.GetElapsedTime(began);
        return figures;
    }

    private void TryOne(long at, byte[] input, FuzzFigures figures)
    {
        Volatile.Write(ref _at, at);
        long started = Stopwatch.GetTimestamp();
        Volatile.Write(ref _startedAt, started);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool accepted = false;
        try
        {
            accepted = target.Try(input);
        }
        catch (Exception e)
        {
            throw Failure(at, input, $"{e.GetType().Name}: {e.Message}", e);
        }

        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        figures.Inputs++;
        figures.Accepted += accepted ? 1 : 0;
        figures.MostBytes = Math.Max(figures.MostBytes, bytes);
        figures.Slowest = time > figures.Slowest ? time : figures.Slowest;
        if (bytes > target.BytesAllowed(input.Length))
        {
            throw Failure(at, input, $"allocated {bytes} bytes; {target.BytesAllowed(input.Length)} are allowed", null);
        }

        // On a busy machine a thread may have to wait for its turn that long: only what is slow once more is slow.
        if (time > target.TimeAllowed && (time = TimeOf(input)) > target.TimeAllowed)
        {
            throw Failure(at, input, $"took {time.TotalMilliseconds:F0} ms", null);
        }
    }

    private TimeSpan TimeOf(byte[] input)
    {
        long started = Stopwatch.GetTimestamp();
        _ = target.Try(input);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Every valid input once, unmeasured: what the runtime sets up on first use is nobody's input.</summary>
    private void Warm()
    {
        Guard(0, [], () => target.Begin(new Prng(_stream)));
        foreach (byte[] valid in target.Corpus)
        {
            byte[] input = valid.ToArray();
            Guard(0, input, () => target.Try(input));
        }
    }

    private void Guard(long at, byte[] input, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            throw Failure(at, input, $"{e.GetType().Name}: {e.Message}", e);
        }
    }

    private FindingException Failure(long at, byte[] input, string what, Exception? inner)
    {
        string shown = Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 400)));
        return new FindingException(
            $"{target.Name}: input {at} ({input.Length} bytes): {what}\n  bytes: {shown}\n  replay: {Replay(at)}\n{inner}", inner);
    }
}

using System.Globalization;

namespace Nines.Simulation;

/// <summary>
/// A trace for reading: one aligned line per state change (time, node, what, details). The last lines are kept for the report
/// of a failed run; all of them go to a writer when there is one.
/// </summary>
public sealed class SimulationTrace(int keep = 400, TextWriter? writer = null)
{
    private readonly Queue<string> _lines = new(keep);

    public IReadOnlyCollection<string> LastLines => _lines;

    public void Line(long timeUs, string who, string what, string details)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{timeUs / 1e6,12:F6}  {who,-6} {what,-12} {details}");
        if (_lines.Count == keep)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue(line);
        writer?.WriteLine(line);
    }
}

using System.Text;

namespace Nines.Simulation.Tables;

/// <summary>What must have been before what, and whether that is possible.</summary>
internal sealed class PrecedenceGraph
{
    private readonly Dictionary<TableOperation, int> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly List<TableOperation?> _operations = [];
    private readonly List<List<(int To, string Why)>> _edges = [];

    public void Before(TableOperation first, TableOperation second, string why)
    {
        if (!ReferenceEquals(first, second))
        {
            _edges[NodeOf(first)].Add((NodeOf(second), why));
        }
    }

    /// <summary>
    /// Whoever ended before another began was before it. A chain of moments stands for all those pairs: an operation leads to the moment of
    /// its end, each moment to the next, and the last one before an operation's begin to it.
    /// </summary>
    public void AddRealTime(IReadOnlyList<TableOperation> operations)
    {
        TableOperation[] ended = [.. operations.Where(static o => o.EndedUs < long.MaxValue).OrderBy(static o => o.EndedUs).ThenBy(static o => o.Number)];
        int[] moments = new int[ended.Length];
        for (int i = 0; i < ended.Length; i++)
        {
            moments[i] = NewNode(null);
            _edges[NodeOf(ended[i])].Add((moments[i], ""));
            if (i > 0)
            {
                _edges[moments[i - 1]].Add((moments[i], ""));
            }
        }

        int passed = 0;
        foreach (TableOperation operation in operations.OrderBy(static o => o.InvokedUs).ThenBy(static o => o.Number))
        {
            while (passed < ended.Length && ended[passed].EndedUs < operation.InvokedUs)
            {
                passed++;
            }

            if (passed > 0)
            {
                _edges[moments[passed - 1]].Add((NodeOf(operation), "ended before the begin of"));
            }
        }
    }

    /// <summary>A cycle in words; null when there is none.</summary>
    public string? FindCycle()
    {
        // 0 not seen, 1 on the way, 2 done.
        byte[] colours = new byte[_operations.Count];
        for (int start = 0; start < colours.Length; start++)
        {
            if (colours[start] == 0 && Walk(start, colours) is { } cycle)
            {
                return cycle;
            }
        }

        return null;
    }

    private string? Walk(int start, byte[] colours)
    {
        var path = new List<(int Node, int Next)> { (start, 0) };
        colours[start] = 1;
        while (path.Count > 0)
        {
            (int node, int next) = path[^1];
            if (next == _edges[node].Count)
            {
                colours[node] = 2;
                path.RemoveAt(path.Count - 1);
                continue;
            }

            path[^1] = (node, next + 1);
            int to = _edges[node][next].To;
            if (colours[to] == 1)
            {
                return Describe(path, to);
            }

            if (colours[to] == 0)
            {
                colours[to] = 1;
                path.Add((to, 0));
            }
        }

        return null;
    }

    private string Describe(List<(int Node, int Next)> path, int from)
    {
        var text = new StringBuilder();
        foreach ((int node, int next) in path.SkipWhile(step => step.Node != from))
        {
            if (_operations[node] is { } operation)
            {
                text.Append('(').Append(operation).Append(") ");
            }

            string why = _edges[node][next - 1].Why;
            text.Append(why).Append(why.Length > 0 ? " " : "");
        }

        return text.Append('(').Append(_operations[from]?.ToString() ?? "the first").Append(')').ToString();
    }

    private int NodeOf(TableOperation operation)
    {
        if (!_nodes.TryGetValue(operation, out int node))
        {
            node = NewNode(operation);
            _nodes.Add(operation, node);
        }

        return node;
    }

    private int NewNode(TableOperation? operation)
    {
        _operations.Add(operation);
        _edges.Add([]);
        return _operations.Count - 1;
    }
}

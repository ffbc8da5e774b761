using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>
/// Any bytes as commands and queries of a state machine: always an answer, never an exception, and two replicas that are given the same
/// commands hold the same.
/// </summary>
internal sealed class MachineTarget(
    string name, IStateMachine machine, IReadOnlyList<byte[]> commands, IReadOnlyList<byte[]> before, int episode) : FuzzTarget(name)
{
    private readonly ByteBuffer _first = new();
    private readonly ByteBuffer _second = new();
    private MemoryState _one = new();
    private MemoryState _two = new();
    private long _position;

    public override IReadOnlyList<byte[]> Corpus => commands;

    public override int Episode => episode;

    public override long BytesAllowed(int length) => (1 << 20) + (512L * length);

    public override void Begin(Prng random)
    {
        _one = new();
        _two = new();
        _position = 0;

        // A group that already holds something.
        foreach (byte[] command in before)
        {
            Try(command);
        }
    }

    public override bool Try(byte[] input)
    {
        var context = new CommandContext(new LogIndex(++_position), _position);
        _first.Clear();
        _second.Clear();
        machine.Apply(context, input, _one, _first);
        machine.Apply(context, input, _two, _second);
        Invariant.Assert(_first.Length > 0 && _first.Written.SequenceEqual(_second.Written));
        bool accepted = _first.Written[0] == 0;
        _first.Clear();
        machine.Query(input, _one, _first);
        return accepted;
    }

    public override void End() => Invariant.Assert(_one.Hash() == _two.Hash());
}

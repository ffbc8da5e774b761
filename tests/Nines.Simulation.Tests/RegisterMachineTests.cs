using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class RegisterMachineTests
{
    private readonly MemoryState _state = new();
    private readonly RegisterMachine _machine = new(new NodeId(1));
    private long _position;

    [Fact]
    public void Writes_answer_what_they_replaced_and_conditions_hold_by_version()
    {
        Assert.False(Apply(OperationKind.Put, 1, 100).Found);
        RegisterAnswer second = Apply(OperationKind.Put, 1, 101);
        Assert.Equal((100UL, 1L), (second.Value, second.Version));
        Assert.Equal(RegisterStatus.ConditionFailed, Apply(OperationKind.CompareAndSet, 1, 102, expected: 1).Status);
        Assert.Equal(RegisterStatus.Done, Apply(OperationKind.CompareAndSet, 1, 103, expected: 2).Status);
        Assert.Equal(103UL, Get(1).Value);
        Assert.Equal(RegisterStatus.Done, Apply(OperationKind.Delete, 1, 104).Status);
        Assert.False(Get(1).Found);
        Assert.Equal(RegisterStatus.Done, Apply(OperationKind.CompareAndSet, 1, 105, expected: 0).Status);
    }

    [Fact]
    public void A_scan_agrees_with_the_record_until_something_is_lost()
    {
        Prng random = new(9);
        for (ulong i = 1; i <= 300; i++)
        {
            OperationKind kind = random.Chance(0.3) ? OperationKind.Delete : OperationKind.Put;
            Apply(kind, random.Below(20), i, padding: random.Below(50));
        }

        StateScan scan = Scan();
        Assert.Equal(scan.RecordedContents, scan.Contents);
        Assert.True(scan.IsIntact);
        Apply(OperationKind.Put, 3, 1000);
        byte[] key = new byte[RegisterState.KeySize];
        RegisterState.WriteKey(3, key);
        _state.Delete(key);
        Assert.NotEqual(Scan().RecordedContents, Scan().Contents);
    }

    [Fact]
    public void Bytes_that_are_no_command_change_nothing()
    {
        Prng random = new(4);
        byte[] bytes = new byte[40];
        ByteBuffer answer = new();
        for (int i = 0; i < 20_000; i++)
        {
            random.Fill(bytes);
            bytes[0] = (byte)(4 + (bytes[0] % 100));
            answer.Clear();
            _machine.Apply(new CommandContext(new LogIndex(1), 0), bytes.AsMemory(0, random.Below(40)), _state, answer);
        }

        Assert.False(_state.Range([], []).MoveNext());
    }

    private RegisterAnswer Apply(OperationKind kind, int key, ulong value, long expected = 0, int padding = 0)
    {
        ByteBuffer command = new();
        new RegisterCommand(kind, new GroupId(1), key, value, expected, padding).Encode(command);
        ByteBuffer answer = new();
        _machine.Apply(new CommandContext(new LogIndex(++_position), 0), command.ToArray(), _state, answer);
        Assert.True(RegisterAnswer.TryDecode(answer.Written, out RegisterAnswer decoded));
        return decoded;
    }

    private RegisterAnswer Get(int key)
    {
        ByteBuffer answer = new();
        _machine.Query(RegisterQuery.GetKey(key), _state, answer);
        Assert.True(RegisterAnswer.TryDecode(answer.Written, out RegisterAnswer decoded));
        return decoded;
    }

    private StateScan Scan()
    {
        ByteBuffer answer = new();
        _machine.Query(RegisterQuery.ScanAll, _state, answer);
        Assert.True(StateScan.TryDecode(answer.Written, out StateScan scan));
        return scan;
    }
}

using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>What a client does to a register.</summary>
public enum OperationKind : byte
{
    Put = 1,
    CompareAndSet = 2,
    Delete = 3,
    Get = 4,
}

/// <summary>A command of <see cref="RegisterMachine"/>. Values are unique over a whole run; they name the operation.</summary>
public readonly record struct RegisterCommand(
    OperationKind Kind, GroupId Group, int Key, ulong Value, long ExpectedVersion, int Padding)
{
    private const int PaddingMax = 65_536;

    public void Encode(ByteBuffer to)
    {
        to.Byte((byte)Kind);
        to.Fixed32((uint)Group.Value);
        to.Fixed32((uint)Key);
        to.Fixed64(Value);
        to.Count(ExpectedVersion);
        to.Count(Padding);
    }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, out RegisterCommand command)
    {
        ByteReader reader = new(bytes);
        command = new RegisterCommand(
            (OperationKind)reader.Byte(), new GroupId((int)reader.Fixed32()), (int)reader.Fixed32(), reader.Fixed64(),
            reader.Count(), (int)Math.Min(reader.Count(), PaddingMax));
        return reader.IsComplete
            && command.Kind is OperationKind.Put or OperationKind.CompareAndSet or OperationKind.Delete;
    }
}

/// <summary>The queries of <see cref="RegisterMachine"/>.</summary>
public static class RegisterQuery
{
    public const byte Get = 1;
    public const byte Scan = 2;

    public static byte[] GetKey(int key)
    {
        ByteBuffer buffer = new(8);
        buffer.Byte(Get);
        buffer.Fixed32((uint)key);
        return buffer.ToArray();
    }

    public static byte[] ScanAll { get; } = [Scan];
}

public enum RegisterStatus : byte
{
    Done = 0,
    ConditionFailed = 1,
    Malformed = 2,
}

/// <summary>The answer to a command (what the key held before it) or to a get (what it holds).</summary>
/// <param name="Status">Whether the command took effect.</param>
/// <param name="Position">Commands: the position of the first application. Gets: of the last command in the state read.</param>
/// <param name="Found">The key held something.</param>
/// <param name="Value">What it held.</param>
/// <param name="Version">The position of the write that put it there; 0 when nothing was there.</param>
/// <param name="Chain">Hash over the commands up to <paramref name="Position"/>.</param>
/// <param name="IsIntact">The stored bytes were as they were written.</param>
public readonly record struct RegisterAnswer(
    RegisterStatus Status, long Position, bool Found, ulong Value, long Version, ulong Chain, bool IsIntact)
{
    public static readonly RegisterAnswer Malformed = new(RegisterStatus.Malformed, 0, false, 0, 0, 0, true);

    public void Encode(ByteBuffer to)
    {
        to.Byte((byte)Status);
        to.Byte((byte)((Found ? 1 : 0) | (IsIntact ? 2 : 0)));
        to.Count(Position);
        to.Fixed64(Value);
        to.Count(Version);
        to.Fixed64(Chain);
    }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, out RegisterAnswer answer)
    {
        ByteReader reader = new(bytes);
        var status = (RegisterStatus)reader.Byte();
        byte flags = reader.Byte();
        answer = new RegisterAnswer(
            status, reader.Count(), (flags & 1) != 0, reader.Fixed64(), reader.Count(), reader.Fixed64(), (flags & 2) != 0);
        return reader.IsComplete;
    }
}

/// <summary>The answer to a scan: what is really there, and what the state's own record says.</summary>
public readonly record struct StateScan(
    ulong Contents, ulong RecordedContents, ulong Chain, long LastPosition, int Keys, bool IsIntact)
{
    public void Encode(ByteBuffer to)
    {
        to.Fixed64(Contents);
        to.Fixed64(RecordedContents);
        to.Fixed64(Chain);
        to.Count(LastPosition);
        to.Count(Keys);
        to.Byte(IsIntact ? (byte)1 : (byte)0);
    }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, out StateScan scan)
    {
        ByteReader reader = new(bytes);
        scan = new StateScan(
            reader.Fixed64(), reader.Fixed64(), reader.Fixed64(), reader.Count(), (int)reader.Count(), reader.Byte() == 1);
        return reader.IsComplete;
    }
}

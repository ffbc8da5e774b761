using System.Text;
using System.Text.Unicode;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

public static partial class ExpressionCodec
{
    /// <summary>Reads a condition out of a longer message; null when malformed, and the reader has failed.</summary>
    public static Condition? DecodeCondition(ref ByteReader reader) =>
        reader.Byte() == Version ? DecodeNode(ref reader, 1) : Fail<Condition>(ref reader);

    /// <summary>Reads an update out of a longer message; null when malformed, and the reader has failed.</summary>
    public static UpdateProgram? DecodeUpdate(ref ByteReader reader)
    {
        int count = reader.Byte() == Version ? reader.Items(3) : 0;
        if (count == 0)
        {
            return Fail<UpdateProgram>(ref reader);
        }

        var actions = new UpdateAction[count];
        for (int i = 0; i < count; i++)
        {
            byte kind = reader.Byte();
            DocumentPath? path = DecodePath(ref reader);
            bool hasValue = kind != (byte)UpdateKind.Remove;
            UpdateValue? value = path is not null && hasValue ? DecodeUpdateValue(ref reader, 1) : null;
            if (path is null || kind > (byte)UpdateKind.Delete || (hasValue && value is null))
            {
                return Fail<UpdateProgram>(ref reader);
            }

            actions[i] = new UpdateAction((UpdateKind)kind, path, value);
            bool needsLiteral = actions[i].Kind is UpdateKind.Add or UpdateKind.Delete;
            if (needsLiteral && !(value is LiteralValue literal && UpdateAction.Takes(actions[i].Kind, literal.Value.Type)))
            {
                return Fail<UpdateProgram>(ref reader);
            }
        }

        return UpdateProgram.Create(actions, out _) ?? Fail<UpdateProgram>(ref reader);
    }

    /// <summary>Reads a projection out of a longer message; null when malformed, and the reader has failed.</summary>
    public static ProjectionPlan? DecodeProjection(ref ByteReader reader)
    {
        int count = reader.Byte() == Version ? reader.Items(3) : 0;
        var tree = new PathTree();
        for (int i = 0; i < count; i++)
        {
            if (DecodePath(ref reader) is not DocumentPath path || tree.Add(path) is not null)
            {
                return Fail<ProjectionPlan>(ref reader);
            }
        }

        return count == 0 ? Fail<ProjectionPlan>(ref reader) : new ProjectionPlan(tree);
    }

    private static Condition? DecodeNode(ref ByteReader reader, int depth)
    {
        if (depth > DepthMax)
        {
            return Fail<Condition>(ref reader);
        }

        switch (reader.Byte())
        {
            case NodeTag.Junction:
                return DecodeJunction(ref reader, depth);
            case NodeTag.Negation:
                return DecodeNode(ref reader, depth + 1) is Condition inner ? new Negation(inner) : null;
            case NodeTag.Comparison:
                byte comparator = reader.Byte();
                Operand? left = DecodeOperand(ref reader);
                Operand? right = DecodeOperand(ref reader);
                return left is null || right is null || comparator > (byte)Comparator.GreaterOrEqual
                    ? Fail<Condition>(ref reader)
                    : new Comparison((Comparator)comparator, left, right);
            case NodeTag.Between:
                Operand? operand = DecodeOperand(ref reader);
                Operand? low = DecodeOperand(ref reader);
                Operand? high = DecodeOperand(ref reader);
                return operand is null || low is null || high is null ? null : new Between(operand, low, high);
            case NodeTag.Membership:
                return DecodeMembership(ref reader);
            case NodeTag.Existence:
                byte isWanted = reader.Byte();
                DocumentPath? path = DecodePath(ref reader);
                return path is null || isWanted > 1 ? Fail<Condition>(ref reader) : new Existence(path, isWanted == 1);
            case NodeTag.TypeTest:
                byte type = reader.Byte();
                DocumentPath? tested = DecodePath(ref reader);
                bool isType = type is >= (byte)AttributeType.String and <= (byte)AttributeType.BinarySet;
                return tested is null || !isType ? Fail<Condition>(ref reader) : new TypeTest(tested, (AttributeType)type);
            case NodeTag.PrefixTest:
                Operand? whole = DecodeOperand(ref reader);
                Operand? prefix = DecodeOperand(ref reader);
                return whole is null || prefix is null ? null : new PrefixTest(whole, prefix);
            case NodeTag.ContainmentTest:
                Operand? container = DecodeOperand(ref reader);
                Operand? part = DecodeOperand(ref reader);
                return container is null || part is null ? null : new ContainmentTest(container, part);
            default:
                return Fail<Condition>(ref reader);
        }
    }

    private static Junction? DecodeJunction(ref ByteReader reader, int depth)
    {
        byte isAnd = reader.Byte();
        int count = reader.Items(3);
        if (isAnd > 1 || count < 2)
        {
            return Fail<Junction>(ref reader);
        }

        var parts = new Condition[count];
        for (int i = 0; i < count; i++)
        {
            if (DecodeNode(ref reader, depth + 1) is not Condition part)
            {
                return null;
            }

            parts[i] = part;
        }

        return new Junction(isAnd == 1, parts);
    }

    private static Membership? DecodeMembership(ref ByteReader reader)
    {
        Operand? operand = DecodeOperand(ref reader);
        int count = reader.Items(2);
        if (operand is null || count == 0)
        {
            return Fail<Membership>(ref reader);
        }

        var among = new Operand[count];
        for (int i = 0; i < count; i++)
        {
            if (DecodeOperand(ref reader) is not Operand candidate)
            {
                return null;
            }

            among[i] = candidate;
        }

        return new Membership(operand, among);
    }

    private static Operand? DecodeOperand(ref ByteReader reader)
    {
        byte tag = reader.Byte();
        if (tag != OperandTag.Size)
        {
            return DecodeSimpleOperand(ref reader, tag);
        }

        // size of a size has the wrong type, so sizes do not nest.
        Operand? of = DecodeSimpleOperand(ref reader, reader.Byte());
        return of is null ? null : new SizeOperand(of);
    }

    private static Operand? DecodeSimpleOperand(ref ByteReader reader, byte tag)
    {
        switch (tag)
        {
            case OperandTag.Path:
                return DecodePath(ref reader) is DocumentPath path ? new PathOperand(path) : null;
            case OperandTag.Value:
                AttributeValue value = ItemCodec.DecodeValue(ref reader);
                return reader.Failed ? null : new ValueOperand(value);
            default:
                return Fail<Operand>(ref reader);
        }
    }

    private static UpdateValue? DecodeUpdateValue(ref ByteReader reader, int depth)
    {
        if (depth > DepthMax)
        {
            return Fail<UpdateValue>(ref reader);
        }

        switch (reader.Byte())
        {
            case UpdateTag.Literal:
                AttributeValue value = ItemCodec.DecodeValue(ref reader);
                return reader.Failed ? null : new LiteralValue(value);
            case UpdateTag.Path:
                return DecodePath(ref reader) is DocumentPath read ? new PathValue(read) : null;
            case UpdateTag.Fallback:
                DocumentPath? path = DecodePath(ref reader);
                UpdateValue? otherwise = path is null ? null : DecodeUpdateValue(ref reader, depth + 1);
                return otherwise is null ? null : new FallbackValue(path!, otherwise);
            case UpdateTag.Append:
                UpdateValue? first = DecodeUpdateValue(ref reader, depth + 1);
                UpdateValue? second = first is null ? null : DecodeUpdateValue(ref reader, depth + 1);
                return second is null ? null : new AppendValue(first!, second);
            case UpdateTag.Arithmetic:
                byte isMinus = reader.Byte();
                UpdateValue? left = DecodeUpdateValue(ref reader, depth + 1);
                UpdateValue? right = left is null ? null : DecodeUpdateValue(ref reader, depth + 1);
                return right is null || isMinus > 1
                    ? Fail<UpdateValue>(ref reader)
                    : new ArithmeticValue(isMinus == 1, left!, right);
            default:
                return Fail<UpdateValue>(ref reader);
        }
    }

    private static DocumentPath? DecodePath(ref ByteReader reader)
    {
        int count = reader.Items(2);
        if (count is 0 or > TableLimits.PathElementsMax)
        {
            return Fail<DocumentPath>(ref reader);
        }

        var elements = new PathElement[count];
        for (int i = 0; i < count; i++)
        {
            switch (reader.Byte())
            {
                case 0:
                    ReadOnlySpan<byte> name = reader.Blob();
                    if (!Utf8.IsValid(name))
                    {
                        return Fail<DocumentPath>(ref reader);
                    }

                    elements[i] = PathElement.Named(Encoding.UTF8.GetString(name));
                    break;
                case 1 when i > 0:
                    long index = reader.Count();
                    if (index > int.MaxValue)
                    {
                        return Fail<DocumentPath>(ref reader);
                    }

                    elements[i] = PathElement.At((int)index);
                    break;
                default:
                    return Fail<DocumentPath>(ref reader);
            }
        }

        return reader.Failed ? null : new DocumentPath(elements);
    }

    private static T? Fail<T>(ref ByteReader reader)
        where T : class
    {
        reader.Fail();
        return null;
    }
}

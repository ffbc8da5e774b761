using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Compiled expressions as bytes: commands and queries carry them, so that a replica evaluates without parsing and without its
/// parser's version mattering. Decoding never throws, and accepts only what compilation can make.
/// <code>
/// condition  := 01 (version), node
/// node       := 01 isAnd count {node} | 02 node | 03 comparator operand operand | 04 operand operand operand
///             | 05 operand count {operand} | 06 isWanted path | 07 type path | 08 operand operand | 09 operand operand
/// operand    := 01 path | 02 value | 03 operand
/// update     := 01 (version), count, {kind path [update value, not for REMOVE]}
/// update val := 01 value | 02 path | 03 path updval | 04 updval updval | 05 isMinus updval updval
/// projection := 01 (version), count, {path}
/// path       := count, {00 text | 01 varint index}
/// value      := as in ItemCodec
/// </code>
/// </summary>
public static partial class ExpressionCodec
{
    private const byte Version = 1;

    // Each level of a tree takes at least one operator or function.
    private const int DepthMax = TableLimits.ExpressionOperatorsMax + 1;

    /// <summary>Appends a condition.</summary>
    public static void Encode(Condition condition, ByteBuffer destination)
    {
        destination.Byte(Version);
        EncodeNode(condition, destination);
    }

    /// <summary>Appends an update.</summary>
    public static void Encode(UpdateProgram program, ByteBuffer destination)
    {
        destination.Byte(Version);
        destination.Count(program.Actions.Length);
        foreach (UpdateAction action in program.Actions)
        {
            destination.Byte((byte)action.Kind);
            EncodePath(action.Path, destination);
            if (action.Value is not null)
            {
                EncodeUpdateValue(action.Value, destination);
            }
        }
    }

    /// <summary>Appends a projection.</summary>
    public static void Encode(ProjectionPlan plan, ByteBuffer destination)
    {
        destination.Byte(Version);
        destination.Count(plan.Paths.Count);
        foreach (DocumentPath path in plan.Paths)
        {
            EncodePath(path, destination);
        }
    }

    private static void EncodeNode(Condition condition, ByteBuffer destination)
    {
        switch (condition)
        {
            case Junction junction:
                destination.Byte(NodeTag.Junction);
                destination.Byte(junction.IsAnd ? (byte)1 : (byte)0);
                destination.Count(junction.Parts.Length);
                foreach (Condition part in junction.Parts)
                {
                    EncodeNode(part, destination);
                }

                break;
            case Negation negation:
                destination.Byte(NodeTag.Negation);
                EncodeNode(negation.Inner, destination);
                break;
            case Comparison comparison:
                destination.Byte(NodeTag.Comparison);
                destination.Byte((byte)comparison.Comparator);
                EncodeOperand(comparison.Left, destination);
                EncodeOperand(comparison.Right, destination);
                break;
            case Between between:
                destination.Byte(NodeTag.Between);
                EncodeOperand(between.Operand, destination);
                EncodeOperand(between.Low, destination);
                EncodeOperand(between.High, destination);
                break;
            case Membership membership:
                destination.Byte(NodeTag.Membership);
                EncodeOperand(membership.Operand, destination);
                destination.Count(membership.Among.Length);
                foreach (Operand candidate in membership.Among)
                {
                    EncodeOperand(candidate, destination);
                }

                break;
            default:
                EncodeFunction(condition, destination);
                break;
        }
    }

    private static void EncodeFunction(Condition condition, ByteBuffer destination)
    {
        switch (condition)
        {
            case Existence existence:
                destination.Byte(NodeTag.Existence);
                destination.Byte(existence.IsWanted ? (byte)1 : (byte)0);
                EncodePath(existence.Path, destination);
                break;
            case TypeTest test:
                destination.Byte(NodeTag.TypeTest);
                destination.Byte((byte)test.Type);
                EncodePath(test.Path, destination);
                break;
            case PrefixTest test:
                destination.Byte(NodeTag.PrefixTest);
                EncodeOperand(test.Operand, destination);
                EncodeOperand(test.Prefix, destination);
                break;
            case ContainmentTest test:
                destination.Byte(NodeTag.ContainmentTest);
                EncodeOperand(test.Operand, destination);
                EncodeOperand(test.Part, destination);
                break;
            default:
                Invariant.Assert(false, $"condition {condition.GetType().Name}");
                break;
        }
    }

    private static void EncodeOperand(Operand operand, ByteBuffer destination)
    {
        switch (operand)
        {
            case PathOperand path:
                destination.Byte(OperandTag.Path);
                EncodePath(path.Path, destination);
                break;
            case ValueOperand value:
                destination.Byte(OperandTag.Value);
                ItemCodec.EncodeValue(value.Value, destination);
                break;
            case SizeOperand size:
                destination.Byte(OperandTag.Size);
                EncodeOperand(size.Of, destination);
                break;
            default:
                Invariant.Assert(false, $"operand {operand.GetType().Name}");
                break;
        }
    }

    private static void EncodeUpdateValue(UpdateValue value, ByteBuffer destination)
    {
        switch (value)
        {
            case LiteralValue literal:
                destination.Byte(UpdateTag.Literal);
                ItemCodec.EncodeValue(literal.Value, destination);
                break;
            case PathValue path:
                destination.Byte(UpdateTag.Path);
                EncodePath(path.Path, destination);
                break;
            case FallbackValue fallback:
                destination.Byte(UpdateTag.Fallback);
                EncodePath(fallback.Path, destination);
                EncodeUpdateValue(fallback.Otherwise, destination);
                break;
            case AppendValue append:
                destination.Byte(UpdateTag.Append);
                EncodeUpdateValue(append.First, destination);
                EncodeUpdateValue(append.Second, destination);
                break;
            case ArithmeticValue arithmetic:
                destination.Byte(UpdateTag.Arithmetic);
                destination.Byte(arithmetic.IsMinus ? (byte)1 : (byte)0);
                EncodeUpdateValue(arithmetic.Left, destination);
                EncodeUpdateValue(arithmetic.Right, destination);
                break;
            default:
                Invariant.Assert(false, $"update value {value.GetType().Name}");
                break;
        }
    }

    private static void EncodePath(DocumentPath path, ByteBuffer destination)
    {
        destination.Count(path.Elements.Length);
        foreach (PathElement element in path.Elements)
        {
            destination.Byte(element.IsIndex ? (byte)1 : (byte)0);
            if (element.Name is not null)
            {
                destination.Text(element.Name);
            }
            else
            {
                destination.Count(element.Index);
            }
        }
    }

    /// <summary>Tags of conditions. In the log: append only.</summary>
    private static class NodeTag
    {
        public const byte Junction = 1;
        public const byte Negation = 2;
        public const byte Comparison = 3;
        public const byte Between = 4;
        public const byte Membership = 5;
        public const byte Existence = 6;
        public const byte TypeTest = 7;
        public const byte PrefixTest = 8;
        public const byte ContainmentTest = 9;
    }

    /// <summary>Tags of operands. In the log: append only.</summary>
    private static class OperandTag
    {
        public const byte Path = 1;
        public const byte Value = 2;
        public const byte Size = 3;
    }

    /// <summary>Tags of update values. In the log: append only.</summary>
    private static class UpdateTag
    {
        public const byte Literal = 1;
        public const byte Path = 2;
        public const byte Fallback = 3;
        public const byte Append = 4;
        public const byte Arithmetic = 5;
    }
}

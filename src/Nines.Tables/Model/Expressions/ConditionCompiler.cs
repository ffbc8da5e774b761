using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

internal sealed partial class Compiler
{
    /// <summary>Compiles a condition, filter or key condition.</summary>
    public Condition? Condition(Syntax syntax) => CheckCondition(syntax) ? Build(syntax) : null;

    private static int ArityOf(string function) => function switch
    {
        "attribute_exists" or "attribute_not_exists" or "size" => 1,
        "attribute_type" or "begins_with" or "contains" or "if_not_exists" or "list_append" => 2,
        _ => 0,
    };

    private static bool IsUpdateFunction(string function) => function is "if_not_exists" or "list_append";

    private bool CheckCondition(Syntax syntax) => syntax switch
    {
        JunctionSyntax junction => junction.Parts.TrueForAll(CheckCondition),
        NotSyntax not => CheckCondition(not.Inner),
        ParenthesesSyntax parentheses => CheckCondition(parentheses.Inner),
        ComparisonSyntax comparison => CheckOperand(comparison.Left) && CheckOperand(comparison.Right),
        BetweenSyntax between => CheckOperand(between.Operand) && CheckOperand(between.Low) && CheckOperand(between.High),
        InSyntax membership => CheckOperand(membership.Operand) && membership.Among.TrueForAll(CheckOperand),
        CallSyntax call => CheckCall(call, isCondition: true),
        _ => true,
    };

    private bool CheckOperand(Syntax syntax) => syntax switch
    {
        PathSyntax path => CheckParts(path),
        ParenthesesSyntax parentheses => CheckOperand(parentheses.Inner),
        CallSyntax call => CheckCall(call, isCondition: false),
        _ => true,
    };

    private bool CheckCall(CallSyntax call, bool isCondition)
    {
        int arity = ArityOf(call.Function);
        if (arity == 0)
        {
            return Fail($"Invalid function name; function: {call.Function}");
        }

        if (IsUpdateFunction(call.Function))
        {
            return Fail($"The function is not allowed in a condition expression; function: {call.Function}");
        }

        // size has a value; all others are conditions.
        if (isCondition == (call.Function == "size"))
        {
            return Fail($"The function is not allowed to be used this way in an expression; function: {call.Function}");
        }

        return CheckArity(call, arity) && call.Arguments.TrueForAll(CheckOperand);
    }

    private Condition? Build(Syntax syntax)
    {
        switch (syntax)
        {
            case JunctionSyntax junction:
                var parts = new Condition[junction.Parts.Count];
                for (int i = 0; i < parts.Length; i++)
                {
                    if (Build(junction.Parts[i]) is not Condition part)
                    {
                        return null;
                    }

                    parts[i] = part;
                }

                return new Junction(junction.IsAnd, parts);
            case NotSyntax not:
                return Build(not.Inner) is Condition inner ? new Negation(inner) : null;
            case ParenthesesSyntax parentheses:
                return Build(parentheses.Inner);
            case ComparisonSyntax comparison:
                return BuildComparison(comparison);
            case BetweenSyntax between:
                return BuildBetween(between);
            case InSyntax membership:
                return BuildMembership(membership);
            default:
                return BuildCall((CallSyntax)syntax);
        }
    }

    private Operand? BuildOperand(Syntax syntax)
    {
        switch (syntax.Unwrapped)
        {
            case PathSyntax path:
                return Resolve(path) is DocumentPath resolved ? new PathOperand(resolved) : null;
            case ValueSyntax value:
                return Resolve(value) is AttributeValue found ? new ValueOperand(found) : null;
            case CallSyntax call:
                if (BuildOperand(call.Arguments[0]) is not Operand measured)
                {
                    return null;
                }

                AttributeType? type = measured.StaticType;
                if (type is AttributeType.Number or AttributeType.Boolean or AttributeType.Null)
                {
                    _ = FailType("size", type.Value);
                    return null;
                }

                return new SizeOperand(measured);
            default:
                return null;
        }
    }

    private Comparison? BuildComparison(ComparisonSyntax comparison)
    {
        string sign = comparison.Comparator.Sign();
        Operand? left = BuildOperand(comparison.Left);
        Operand? right = left is null ? null : BuildOperand(comparison.Right);
        if (left is null || right is null || !CheckDistinct(sign, PathOf(left), PathOf(right)))
        {
            return null;
        }

        bool isOrder = comparison.Comparator is not (Comparator.Equal or Comparator.NotEqual);
        return isOrder && !(CheckOrdered(sign, left) && CheckOrdered(sign, right))
            ? null
            : new Comparison(comparison.Comparator, left, right);
    }

    private Between? BuildBetween(BetweenSyntax between)
    {
        Operand? operand = BuildOperand(between.Operand);
        Operand? low = operand is null ? null : BuildOperand(between.Low);
        Operand? high = low is null ? null : BuildOperand(between.High);
        if (operand is null || low is null || high is null)
        {
            return null;
        }

        const string Name = "BETWEEN";
        bool isFine = CheckDistinct(Name, PathOf(operand), PathOf(low))
            && CheckDistinct(Name, PathOf(operand), PathOf(high))
            && CheckOrdered(Name, operand) && CheckOrdered(Name, low) && CheckOrdered(Name, high)
            && CheckBounds(low, high);
        return isFine ? new Between(operand, low, high) : null;
    }

    private bool CheckBounds(Operand low, Operand high)
    {
        if (low is not ValueOperand lower || high is not ValueOperand upper)
        {
            return true;
        }

        string bounds = $"lower bound operand: AttributeValue: {Print(lower.Value)}, upper bound operand: AttributeValue: {Print(upper.Value)}";
        if (lower.Value.Type != upper.Value.Type)
        {
            return Fail($"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}");
        }

        return ValueOrder.Compare(lower.Value, upper.Value) <= 0
            || Fail($"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {bounds}");
    }

    private Membership? BuildMembership(InSyntax membership)
    {
        if (BuildOperand(membership.Operand) is not Operand operand)
        {
            return null;
        }

        var among = new Operand[membership.Among.Count];
        for (int i = 0; i < among.Length; i++)
        {
            if (BuildOperand(membership.Among[i]) is not Operand candidate)
            {
                return null;
            }

            among[i] = candidate;
        }

        if (among.Length > TableLimits.InOperandsMax)
        {
            return FailWith<Membership>(
                $"The IN operator is provided with too many operands; number of operands: {among.Length}");
        }

        bool isFine = Array.TrueForAll(among, a => CheckDistinct("IN", PathOf(operand), PathOf(a)));
        return isFine ? new Membership(operand, among) : null;
    }

    private Condition? BuildCall(CallSyntax call)
    {
        Operand? first = BuildOperand(call.Arguments[0]);
        Operand? second = first is null || call.Arguments.Count < 2 ? null : BuildOperand(call.Arguments[1]);
        if (first is null || (second is null && call.Arguments.Count > 1))
        {
            return null;
        }

        DocumentPath? path = PathOf(first);
        bool needsPath = call.Function is "attribute_exists" or "attribute_not_exists" or "attribute_type";
        if ((needsPath && path is null && !FailPath(call.Function))
            || (second is not null && !CheckDistinct(call.Function, path, PathOf(second))))
        {
            return null;
        }

        switch (call.Function)
        {
            case "attribute_exists":
                return new Existence(path!, isWanted: true);
            case "attribute_not_exists":
                return new Existence(path!, isWanted: false);
            case "attribute_type":
                return BuildTypeTest(path!, second!);
            case "begins_with":
                return CheckPrefix(first) && CheckPrefix(second!) ? new PrefixTest(first, second!) : null;
            default:
                return new ContainmentTest(first, second!);
        }
    }

    private TypeTest? BuildTypeTest(DocumentPath path, Operand wanted)
    {
        const string Name = "attribute_type";
        if (wanted is not ValueOperand { Value: StringValue text })
        {
            _ = FailType(Name, wanted.StaticType is AttributeType type ? type.Code() : "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
            return null;
        }

        return AttributeTypes.FromCode(text.Utf8.Span) is AttributeType named
            ? new TypeTest(path, named)
            : FailWith<TypeTest>(
                $"Invalid attribute type name found; type: {text}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}");
    }

    private bool CheckOrdered(string name, Operand operand) =>
        operand.StaticType is null or AttributeType.String or AttributeType.Number or AttributeType.Binary
        || FailType(name, operand.StaticType.Value);

    private bool CheckPrefix(Operand operand) =>
        operand.StaticType is null or AttributeType.String or AttributeType.Binary
        || FailType("begins_with", operand.StaticType.Value);

    private static DocumentPath? PathOf(Operand operand) => (operand as PathOperand)?.Path;

    /// <summary>A bound as the service prints it; a binary as the type its value has there.</summary>
    private static string Print(AttributeValue value)
    {
        var text = new StringBuilder();
        text.Append('{').Append(value.Type.Code()).Append(':');
        if (value is BinaryValue binary)
        {
            int length = binary.Bytes.Length;
            text.Append($"java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]");
        }
        else
        {
            text.Append(value);
        }

        return text.Append('}').ToString();
    }
}

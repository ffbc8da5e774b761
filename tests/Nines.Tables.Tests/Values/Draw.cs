using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Values;

/// <summary>Random values, items and expressions; small alphabets, so that things meet.</summary>
internal static class Draw
{
    public static readonly string[] Names = ["a", "b", "c", "d1", "e_", "ü", "🙂", "�"];

    private static readonly string[] Meeting =
        ["0", "1", "-1", "10", "5", "-5", "12", "-12", "12.3", "-12.3", "12.34", "-12.34", "-1234", "-1234.5", "1234", "1234.56"];

    public static DynamoNumber Number(Prng prng)
    {
        if (prng.Chance(0.4))
        {
            _ = DynamoNumber.Parse(Encoding.ASCII.GetBytes(prng.Pick(Meeting)), out DynamoNumber meeting);
            return meeting;
        }

        while (true)
        {
            int digits = prng.Chance(0.7) ? prng.Between(1, 4) : prng.Between(1, 38);
            var text = new StringBuilder(prng.Chance(0.4) ? "-" : "");
            for (int i = 0; i < digits; i++)
            {
                text.Append((char)('0' + prng.Below(10)));
            }

            int exponent = prng.Chance(0.5) ? 0 : prng.Chance(0.7) ? prng.Between(-5, 5) : prng.Between(-130, 125);
            text.Append('e').Append(exponent);
            if (DynamoNumber.Parse(Encoding.ASCII.GetBytes(text.ToString()), out DynamoNumber number) == NumberFault.None)
            {
                return number;
            }
        }
    }

    public static ReadOnlyMemory<byte> Text(Prng prng)
    {
        var text = new StringBuilder();
        for (int i = prng.Below(6); i > 0; i--)
        {
            text.Append(prng.Pick((string[])["a", "b", "\0", "\"", "\\", "é", "�", "🙂", "\n"]));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static ReadOnlyMemory<byte> Bytes(Prng prng)
    {
        byte[] bytes = new byte[prng.Below(6)];
        prng.Fill(bytes);
        return bytes;
    }

    public static AttributeValue Value(Prng prng, int depth = 3)
    {
        AttributeType type = (AttributeType)prng.Between(1, 10);
        switch (type)
        {
            case AttributeType.String:
                return new StringValue(Text(prng));
            case AttributeType.Binary:
                return new BinaryValue(Bytes(prng));
            case AttributeType.Boolean:
                return BooleanValue.Of(prng.Chance(0.5));
            case AttributeType.Map when depth > 0:
                return new MapValue(Item(prng, depth - 1));
            case AttributeType.List when depth > 0:
                return new ListValue([.. Enumerable.Range(0, prng.Below(4)).Select(_ => Value(prng, depth - 1))]);
            case AttributeType.StringSet:
                return StringSetValue.Of([.. Enumerable.Range(0, prng.Between(1, 4)).Select(_ => Text(prng))]);
            case AttributeType.NumberSet:
                return NumberSetValue.Of([.. Enumerable.Range(0, prng.Between(1, 4)).Select(_ => Number(prng))]);
            case AttributeType.BinarySet:
                return BinarySetValue.Of([.. Enumerable.Range(0, prng.Between(1, 4)).Select(_ => Bytes(prng))]);
            case AttributeType.Null:
                return NullValue.Instance;
            default:
                return new NumberValue(Number(prng));
        }
    }

    public static Item Item(Prng prng, int depth = 3)
    {
        var builder = new ItemBuilder();
        for (int i = prng.Below(6); i > 0; i--)
        {
            builder.Add(prng.Pick(Names), Value(prng, depth));
        }

        return builder.Build();
    }

    public static DocumentPath Path(Prng prng)
    {
        var elements = new List<PathElement> { PathElement.Named(prng.Pick(Names)) };
        while (prng.Chance(0.4) && elements.Count < 4)
        {
            elements.Add(prng.Chance(0.5) ? PathElement.Named(prng.Pick(Names)) : PathElement.At(prng.Below(4)));
        }

        return new DocumentPath([.. elements]);
    }

    public static Operand Operand(Prng prng)
    {
        Operand operand = prng.Chance(0.6) ? new PathOperand(Path(prng)) : new ValueOperand(Value(prng, 1));
        return prng.Chance(0.2) ? new SizeOperand(operand) : operand;
    }

    public static Condition Condition(Prng prng, int depth = 3) => prng.Below(depth > 0 ? 11 : 7) switch
    {
        0 => new Comparison((Comparator)prng.Below(6), Operand(prng), Operand(prng)),
        1 => new Between(Operand(prng), Operand(prng), Operand(prng)),
        2 => new Membership(Operand(prng), [.. Enumerable.Range(0, prng.Between(1, 3)).Select(_ => Operand(prng))]),
        3 => new Existence(Path(prng), prng.Chance(0.5)),
        4 => new TypeTest(Path(prng), (AttributeType)prng.Between(1, 10)),
        5 => new PrefixTest(Operand(prng), Operand(prng)),
        6 => new ContainmentTest(Operand(prng), Operand(prng)),
        7 or 8 => new Negation(Condition(prng, depth - 1)),
        _ => new Junction(prng.Chance(0.5), [.. Enumerable.Range(0, prng.Between(2, 4)).Select(_ => Condition(prng, depth - 1))]),
    };

    public static UpdateValue UpdateValue(Prng prng, int depth = 2) => prng.Below(depth > 0 ? 5 : 2) switch
    {
        0 => new LiteralValue(Value(prng, 1)),
        1 => new PathValue(Path(prng)),
        2 => new FallbackValue(Path(prng), UpdateValue(prng, depth - 1)),
        3 => new AppendValue(UpdateValue(prng, depth - 1), UpdateValue(prng, depth - 1)),
        _ => new ArithmeticValue(prng.Chance(0.5), UpdateValue(prng, depth - 1), UpdateValue(prng, depth - 1)),
    };

    public static UpdateProgram Update(Prng prng)
    {
        while (true)
        {
            var actions = new List<UpdateAction>();
            foreach (UpdateKind kind in Enum.GetValues<UpdateKind>())
            {
                for (int i = prng.Below(3); i > 0; i--)
                {
                    AttributeValue literal = Value(prng, 0);
                    bool isLiteral = kind is UpdateKind.Add or UpdateKind.Delete;
                    if (!isLiteral || UpdateAction.Takes(kind, literal.Type))
                    {
                        UpdateValue? value = isLiteral ? new LiteralValue(literal) : kind == UpdateKind.Remove ? null : UpdateValue(prng);
                        actions.Add(new UpdateAction(kind, Path(prng), value));
                    }
                }
            }

            if (actions.Count > 0 && UpdateProgram.Create([.. actions], out _) is UpdateProgram program)
            {
                return program;
            }
        }
    }
}

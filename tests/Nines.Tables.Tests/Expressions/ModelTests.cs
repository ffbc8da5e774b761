using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Values;

namespace Nines.Tables.Tests.Expressions;

/// <summary>The evaluator against a plain one over JSON, and the parser against a printer.</summary>
public sealed class ModelTests
{
    [Fact]
    public void Conditions_hold_when_the_plain_model_says_so()
    {
        const ulong Seed = 51;
        var prng = new Prng(Seed);
        int held = 0;
        const int Cases = 20_000;
        for (int i = 0; i < Cases; i++)
        {
            Condition condition = Draw.Condition(prng);
            Item item = Draw.Item(prng);
            JsonNode json = JsonNode.Parse($$"""{"M":{{Given.Json(item)}}}""")!;
            bool expected = Plain.Holds(condition, json);
            Assert.True(condition.Evaluate(item) == expected, $"seed={Seed} i={i} {Printer.Print(condition, out _)} on {json}");
            held += expected ? 1 : 0;
        }

        Assert.InRange(held, Cases / 5, Cases * 4 / 5);
    }

    [Fact]
    public void What_is_printed_is_parsed_to_the_same()
    {
        const ulong Seed = 52;
        var prng = new Prng(Seed);
        int conditions = 0;
        int updates = 0;
        for (int i = 0; i < 5_000; i++)
        {
            Condition condition = Draw.Condition(prng);
            string text = Printer.Print(condition, out ExpressionContext context);
            Parsed<Condition> parsed = ExpressionParser.ParseCondition(text, ExpressionKind.Condition, context);
            if (parsed.IsOk)
            {
                conditions++;
                Assert.True(Encoded(condition) == Encoded(parsed.Value), $"seed={Seed} i={i} {text}");
                Assert.Null(context.Unused());
            }
            else
            {
                Assert.DoesNotContain("Syntax error", parsed.Error.Message);
                Assert.DoesNotContain("redundant", parsed.Error.Message);
            }

            UpdateProgram update = Draw.Update(prng);
            text = Printer.Print(update, out context);
            Parsed<UpdateProgram> parsedUpdate = ExpressionParser.ParseUpdate(text, context);
            if (parsedUpdate.IsOk)
            {
                updates++;
                Assert.True(Encoded(update) == Encoded(parsedUpdate.Value), $"seed={Seed} i={i} {text}");
            }
            else
            {
                // Sums cannot stand inside functions, so some drawn updates cannot be written.
                Assert.True(text.Contains('+') || text.Contains('-') || !parsedUpdate.Error.Message.Contains("Syntax error"), text);
            }
        }

        Assert.True(conditions > 500 && updates > 500, $"{conditions} {updates}");
    }

    [Fact]
    public void What_an_update_sets_is_there_and_what_it_removes_is_gone()
    {
        const ulong Seed = 53;
        var prng = new Prng(Seed);
        int applied = 0;
        for (int i = 0; i < 20_000; i++)
        {
            UpdateProgram update = Draw.Update(prng);
            Item item = Draw.Item(prng);
            string before = Given.Json(item);
            UpdateResult result = update.Apply(item);
            Assert.Equal(before, Given.Json(item));
            Assert.Equal(result.Item is null, result.Fault != UpdateFault.None);
            if (result.Item is null)
            {
                continue;
            }

            applied++;
            foreach (UpdateAction action in update.Actions)
            {
                bool throughList = action.Path.Elements.ToArray().Any(e => e.IsIndex);
                if (!throughList)
                {
                    AttributeValue? expected = action.Kind switch
                    {
                        UpdateKind.Remove => null,
                        UpdateKind.Set => action.Value!.Evaluate(item, out _),
                        UpdateKind.Add => action.Path.Find(result.Item),
                        UpdateKind.Delete => action.Path.Find(result.Item),
                    };
                    Assert.True(Equals(expected, action.Path.Find(result.Item)), $"seed={Seed} i={i} {Printer.Print(update, out _)} on {before}");
                }
            }

            string[] touched = [.. update.Actions.ToArray().Select(a => a.Path.Root)];
            foreach (string name in item.Names.ToArray().Union(result.Item.Names.ToArray()).Except(touched))
            {
                Assert.Equal(item[name], result.Item[name]);
            }
        }

        Assert.True(applied > 2_000, $"{applied}");
    }

    private static string Encoded(Condition condition)
    {
        var bytes = new ByteBuffer();
        ExpressionCodec.Encode(condition, bytes);
        return Convert.ToHexString(bytes.Written);
    }

    private static string Encoded(UpdateProgram update)
    {
        var bytes = new ByteBuffer();
        ExpressionCodec.Encode(update, bytes);
        return Convert.ToHexString(bytes.Written);
    }
}

/// <summary>Compiled expressions as text again, everything by placeholder.</summary>
internal sealed class Printer
{
    private readonly List<ExpressionName> _names = [];
    private readonly List<ExpressionValue> _values = [];

    public static string Print(Condition condition, out ExpressionContext context)
    {
        var printer = new Printer();
        string text = printer.Of(condition);
        context = printer.Context();
        return text;
    }

    public static string Print(UpdateProgram update, out ExpressionContext context)
    {
        var printer = new Printer();
        string text = string.Join(' ', update.Actions.ToArray().GroupBy(a => a.Kind).Select(g =>
            $"{g.Key.ToString().ToUpperInvariant()} {string.Join(", ", g.Select(printer.Of))}"));
        context = printer.Context();
        return text;
    }

    private ExpressionContext Context() =>
        ExpressionContext.Create(_names.Count == 0 ? null : _names, _values.Count == 0 ? null : _values).Value!;

    private string Of(UpdateAction action) => action.Kind switch
    {
        UpdateKind.Set => $"{Of(action.Path)} = {Of(action.Value!)}",
        UpdateKind.Remove => Of(action.Path),
        UpdateKind.Add or UpdateKind.Delete => $"{Of(action.Path)} {Of(action.Value!)}",
    };

    private string Of(UpdateValue value) => value switch
    {
        LiteralValue literal => Of(literal.Value),
        PathValue path => Of(path.Path),
        FallbackValue fallback => $"if_not_exists({Of(fallback.Path)}, {Of(fallback.Otherwise)})",
        AppendValue append => $"list_append({Of(append.First)}, {Of(append.Second)})",
        ArithmeticValue arithmetic => $"{Of(arithmetic.Left)} {(arithmetic.IsMinus ? '-' : '+')} {Of(arithmetic.Right)}",
        _ => throw new InvalidOperationException(value.GetType().Name),
    };

    private string Of(Condition condition) => condition switch
    {
        Junction j => string.Join(j.IsAnd ? " AND " : " or ", j.Parts.ToArray().Select(p => p is Junction ? $"({Of(p)})" : Of(p))),
        Negation n => n.Inner is Junction ? $"NOT ({Of(n.Inner)})" : $"NOT {Of(n.Inner)}",
        Comparison c => $"{Of(c.Left)}{c.Comparator.Sign()}{Of(c.Right)}",
        Between b => $"{Of(b.Operand)} between {Of(b.Low)} AND {Of(b.High)}",
        Membership m => $"({Of(m.Operand)}) IN ({string.Join(',', m.Among.ToArray().Select(Of))})",
        Existence { IsWanted: true } e => $"attribute_exists({Of(e.Path)})",
        Existence e => $"attribute_not_exists ( {Of(e.Path)} )",
        TypeTest t => $"attribute_type({Of(t.Path)}, {Of(AttributeValue.Of(t.Type.Code()))})",
        PrefixTest p => $"begins_with({Of(p.Operand)}, {Of(p.Prefix)})",
        ContainmentTest c => $"contains({Of(c.Operand)}, {Of(c.Part)})",
        _ => throw new InvalidOperationException(condition.GetType().Name),
    };

    private string Of(Operand operand) => operand switch
    {
        PathOperand p => Of(p.Path),
        ValueOperand v => Of(v.Value),
        SizeOperand s => $"size({Of(s.Of)})",
        _ => throw new InvalidOperationException(operand.GetType().Name),
    };

    private string Of(AttributeValue value)
    {
        _values.Add(new ExpressionValue($":v{_values.Count}", value));
        return _values[^1].Placeholder;
    }

    private string Of(DocumentPath path)
    {
        var text = new StringBuilder();
        foreach (PathElement element in path.Elements)
        {
            if (element.Name is null)
            {
                text.Append(element);
                continue;
            }

            _names.Add(new ExpressionName($"#n{_names.Count}", element.Name));
            text.Append(text.Length == 0 ? "" : ".").Append(_names[^1].Placeholder);
        }

        return text.ToString();
    }
}

/// <summary>Conditions over DynamoDB's JSON as it stands: slow, without any of the types under test but the tree itself.</summary>
internal static class Plain
{
    public static bool Holds(Condition condition, JsonNode item) => condition switch
    {
        Junction { IsAnd: true } j => j.Parts.ToArray().All(p => Holds(p, item)),
        Junction j => j.Parts.ToArray().Any(p => Holds(p, item)),
        Negation n => !Holds(n.Inner, item),
        Comparison c => Compare(c.Comparator, Value(c.Left, item), Value(c.Right, item)),
        Between b => Compare(Comparator.GreaterOrEqual, Value(b.Operand, item), Value(b.Low, item))
            && Compare(Comparator.LessOrEqual, Value(b.Operand, item), Value(b.High, item)),
        Membership m => m.Among.ToArray().Any(a => Compare(Comparator.Equal, Value(m.Operand, item), Value(a, item))),
        Existence e => Find(e.Path, item) is null != e.IsWanted,
        TypeTest t => Find(t.Path, item) is JsonNode found && Type(found) == t.Type.Code(),
        PrefixTest p => (Bytes(Value(p.Operand, item)), Bytes(Value(p.Prefix, item))) is ({ } a, { } b)
            && Type(Value(p.Operand, item)!) == Type(Value(p.Prefix, item)!) && a.Take(b.Length).SequenceEqual(b),
        ContainmentTest c => Contains(Value(c.Operand, item), Value(c.Part, item)),
        _ => throw new InvalidOperationException(condition.GetType().Name),
    };

    private static JsonNode? Value(Operand operand, JsonNode item) => operand switch
    {
        PathOperand p => Find(p.Path, item),
        ValueOperand v => JsonNode.Parse(JsonTests.Write(v.Value)),
        SizeOperand s => Size(Value(s.Of, item)) is int size ? JsonNode.Parse($$"""{"N":"{{size}}"}""") : null,
        _ => throw new InvalidOperationException(operand.GetType().Name),
    };

    private static JsonNode? Find(DocumentPath path, JsonNode item)
    {
        JsonNode? at = item;
        foreach (PathElement element in path.Elements)
        {
            at = element.Name is not null
                ? (at!["M"] as JsonObject)?[element.Name]
                : at!["L"] is JsonArray list && element.Index < list.Count ? list[element.Index] : null;
            if (at is null)
            {
                return null;
            }
        }

        return at;
    }

    private static bool Compare(Comparator comparator, JsonNode? a, JsonNode? b)
    {
        bool equal = a is not null && b is not null && Canonical(a) == Canonical(b);
        if (comparator is Comparator.Equal or Comparator.NotEqual)
        {
            return equal == (comparator == Comparator.Equal);
        }

        if (a is null || b is null || Type(a) != Type(b) || Type(a) is not ("S" or "N" or "B"))
        {
            return false;
        }

        int order = Type(a) == "N" ? Scaled(a).CompareTo(Scaled(b)) : Order(Bytes(a)!, Bytes(b)!);
        return comparator switch
        {
            Comparator.Less => order < 0,
            Comparator.LessOrEqual => order <= 0,
            Comparator.Greater => order > 0,
            Comparator.GreaterOrEqual => order >= 0,
            Comparator.Equal or Comparator.NotEqual => throw new InvalidOperationException(),
        };
    }

    private static bool Contains(JsonNode? whole, JsonNode? part)
    {
        if (whole is null || part is null)
        {
            return false;
        }

        string content = Type(part) is "S" or "N" or "B" ? part[Type(part)]!.ToJsonString() : "";
        return (Type(whole), Type(part)) switch
        {
            ("S", "S") or ("B", "B") => Enumerable.Range(0, Bytes(whole)!.Length + 1).Any(i => Bytes(whole)!.Skip(i).Take(Bytes(part)!.Length).SequenceEqual(Bytes(part)!)),
            ("SS", "S") or ("NS", "N") or ("BS", "B") => ((JsonArray)whole[Type(whole)]!).Any(e => e!.ToJsonString() == content),
            ("L", _) => ((JsonArray)whole["L"]!).Any(e => Canonical(e!) == Canonical(part)),
            _ => false,
        };
    }

    private static int? Size(JsonNode? value) => value is null ? null : Type(value) switch
    {
        "S" => value["S"]!.GetValue<string>().Length,
        "B" => Bytes(value)!.Length,
        "M" => ((JsonObject)value["M"]!).Count,
        "L" or "SS" or "NS" or "BS" => ((JsonArray)value[Type(value)]!).Count,
        _ => null,
    };

    private static string Type(JsonNode value) => ((JsonObject)value).Single().Key;

    private static byte[]? Bytes(JsonNode? value) => value is null ? null : Type(value) switch
    {
        "S" => Encoding.UTF8.GetBytes(value["S"]!.GetValue<string>()),
        "B" => Convert.FromBase64String(value["B"]!.GetValue<string>()),
        _ => null,
    };

    /// <summary>Values are written in one form: numbers canonical, names and sets sorted. Equal text is equal value.</summary>
    private static string Canonical(JsonNode value) => value.ToJsonString(JsonSerializerOptions.Default);

    private static int Order(byte[] a, byte[] b)
    {
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] != b[i])
            {
                return a[i] - b[i];
            }
        }

        return a.Length - b.Length;
    }

    private static BigInteger Scaled(JsonNode number)
    {
        string text = number["N"]!.GetValue<string>();
        int point = text.IndexOf('.');
        int fraction = point < 0 ? 0 : text.Length - point - 1;
        return BigInteger.Parse(text.Replace(".", "")) * BigInteger.Pow(10, 200 - fraction);
    }
}

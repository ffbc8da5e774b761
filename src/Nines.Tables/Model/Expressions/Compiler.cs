using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Turns what was written into what is evaluated, with DynamoDB's checks in DynamoDB's order: first, over the whole expression,
/// what needs no placeholder (reserved words, list indexes, functions); then placeholders, operands and their types. The first
/// fault is kept and ends the work.
/// </summary>
internal sealed partial class Compiler(ExpressionContext context)
{
    private readonly ExpressionContext _context = context;

    /// <summary>The message without the "Invalid …Expression: " in front; null as long as all is well.</summary>
    public string? Fault { get; private set; }

    private bool Fail(string fault)
    {
        Fault ??= fault;
        return false;
    }

    private T? FailWith<T>(string fault)
        where T : class
    {
        Fault ??= fault;
        return null;
    }

    /// <summary>The checks of a path that need no placeholder.</summary>
    private bool CheckParts(PathSyntax path)
    {
        foreach (PathPart part in path.Parts)
        {
            if (part.Kind == TokenKind.Identifier && ReservedWords.Contains(part.Text))
            {
                return Fail($"Attribute name is a reserved keyword; reserved keyword: {part.Text}");
            }

            if (part.Kind == TokenKind.Index && !int.TryParse(part.Text, out _))
            {
                return Fail($"List index is not within the allowable range; index: [{part.Text}]");
            }
        }

        return true;
    }

    private DocumentPath? Resolve(PathSyntax path)
    {
        var elements = new PathElement[path.Parts.Length];
        for (int i = 0; i < elements.Length; i++)
        {
            PathPart part = path.Parts[i];
            if (part.Kind == TokenKind.Index)
            {
                elements[i] = PathElement.At(int.Parse(part.Text));
                continue;
            }

            string? name = part.Kind == TokenKind.Identifier ? part.Text : _context.Name(part.Text);
            if (name is null)
            {
                return FailWith<DocumentPath>(
                    $"An expression attribute name used in the document path is not defined; attribute name: {part.Text}");
            }

            elements[i] = PathElement.Named(name);
        }

        return elements.Length > TableLimits.PathElementsMax
            ? FailWith<DocumentPath>($"The document path has too many nesting levels; nesting levels: {elements.Length}")
            : new DocumentPath(elements);
    }

    private AttributeValue? Resolve(ValueSyntax value) =>
        _context.Value(value.Name)
        ?? FailWith<AttributeValue>(
            $"An expression attribute value used in expression is not defined; attribute value: {value.Name}");

    private bool CheckArity(CallSyntax call, int wanted) =>
        call.Arguments.Count == wanted
        || Fail($"Incorrect number of operands for operator or function; operator or function: {call.Function}, number of operands: {call.Arguments.Count}");

    private bool FailType(string function, AttributeType type) => FailType(function, type.Code());

    private bool FailType(string function, string type) =>
        Fail($"Incorrect operand type for operator or function; operator or function: {function}, operand type: {type}");

    private bool FailPath(string function) =>
        Fail($"Operator or function requires a document path; operator or function: {function}");

    private bool CheckDistinct(string name, DocumentPath? first, DocumentPath? other) =>
        first is null || !first.Equals(other)
        || Fail($"The first operand must be distinct from the remaining operands for this operator or function; operator: {name}, first operand: {first}");
}

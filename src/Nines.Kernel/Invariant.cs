using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Nines.Kernel;

/// <summary>
/// Assertions that stay on in Release. A broken invariant is a programmer's error: the replica that finds it stops,
/// so that the others stay right.
/// </summary>
public static class Invariant
{
    /// <exception cref="InvariantBrokenException">When <paramref name="condition"/> is false.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Assert(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string expression = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition)
        {
            Fail(expression, file, line);
        }
    }

    [DoesNotReturn]
    [StackTraceHidden]
    private static void Fail(string expression, string file, int line) =>
        throw new InvariantBrokenException($"{expression} does not hold ({FileName(file)}:{line})");

    private static string FileName(string path) => path[(path.LastIndexOf('/') + 1)..];
}

/// <summary>A rule that must always hold did not. Never caught to go on with the same state.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);

using System.Diagnostics.CodeAnalysis;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>A request, or the error that refuses it.</summary>
public readonly struct ParsedRequest<T>
    where T : class
{
    /// <summary>A request that may go on.</summary>
    public ParsedRequest(T request) => Request = request;

    /// <summary>A refused request.</summary>
    public ParsedRequest(TableError error) => Error = error;

    /// <summary>The request; null when refused.</summary>
    public T? Request { get; }

    /// <summary>Why it is refused, or null.</summary>
    public TableError? Error { get; }

    /// <summary>True when there is a request.</summary>
    [MemberNotNullWhen(true, nameof(Request))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsGood => Request is not null;
}

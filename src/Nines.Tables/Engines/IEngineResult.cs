using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>What every operation comes back with, beside what was asked for.</summary>
public interface IEngineResult
{
    /// <summary>Why there is nothing else; null: there is.</summary>
    TableError? Error { get; }

    /// <summary>What became of the call and where.</summary>
    Certificate Certificate { get; }
}

using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>The member ProvisionedThroughput of CreateTable and UpdateTable, as sent.</summary>
internal struct ThroughputPart
{
    private const long UnitsMax = 1_000_000_000_000;

    /// <summary>The member was there.</summary>
    public bool IsSent { get; private set; }

    public long? Read { get; private set; }

    public long? Write { get; private set; }

    /// <summary>Reads the value of the current member.</summary>
    public void ReadFrom(ref JsonInput json)
    {
        if (!json.Value() || !json.IsField("ProvisionedThroughput"))
        {
            return;
        }

        IsSent = true;
        while (json.NextMember())
        {
            if (json.Is("ReadCapacityUnits"u8))
            {
                Read = json.Integer("Long");
            }
            else if (json.Is("WriteCapacityUnits"u8))
            {
                Write = json.Integer("Long");
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of the service's model.</summary>
    /// <param name="constraints">Takes what is violated.</param>
    /// <param name="at">Where the member is, with a dot at the end.</param>
    public readonly void Constrain(ref Constraints constraints, string at = "")
    {
        if (IsSent)
        {
            constraints.NotNull(Write is not null, at + "provisionedThroughput.writeCapacityUnits");
            constraints.AtLeast(Write, 1, at + "provisionedThroughput.writeCapacityUnits");
            constraints.NotNull(Read is not null, at + "provisionedThroughput.readCapacityUnits");
            constraints.AtLeast(Read, 1, at + "provisionedThroughput.readCapacityUnits");
        }
    }

    /// <summary>What no table of any account may have.</summary>
    public readonly string? CheckBounds() =>
        Read > UnitsMax ? $"Given value {Read} for ReadCapacityUnits is out of bounds"
        : Write > UnitsMax ? $"Given value {Write} for WriteCapacityUnits is out of bounds"
        : null;

    /// <summary>What no table of this account may have.</summary>
    public readonly TableError? CheckLimit(TableScope scope) =>
        Read > CapacityLimits.TableUnitsMax ? Above("ReadCapacityUnits", Read.Value, scope)
        : Write > CapacityLimits.TableUnitsMax ? Above("WriteCapacityUnits", Write.Value, scope)
        : null;

    private static TableError Above(string what, long units, TableScope scope) => TableError.LimitExceeded(
        $"The requested {what}, {units}, is above the per table maximum for the account in {scope.Region}. "
        + $"Per table maximum: {CapacityLimits.TableUnitsMax}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to "
        + "request higher limits.");
}

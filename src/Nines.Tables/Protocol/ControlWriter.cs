using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol;

/// <summary>The bodies of answers to operations that describe the service or what belongs to a table.</summary>
public static class ControlWriter
{
    /// <summary>How long a client may keep what DescribeEndpoints told it: a day.</summary>
    private const int EndpointMinutes = 1440;

    /// <summary>The answer of DescribeLimits.</summary>
    public static void Limits(ByteBuffer to)
    {
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("AccountMaxReadCapacityUnits"u8);
        json.Value(CapacityLimits.AccountUnitsMax);
        json.Name("AccountMaxWriteCapacityUnits"u8);
        json.Value(CapacityLimits.AccountUnitsMax);
        json.Name("TableMaxReadCapacityUnits"u8);
        json.Value(CapacityLimits.TableUnitsMax);
        json.Name("TableMaxWriteCapacityUnits"u8);
        json.Value(CapacityLimits.TableUnitsMax);
        json.EndObject();
    }

    /// <summary>The answer of ListTagsOfResource: all there are.</summary>
    public static void Tags(ByteBuffer to, TableTags tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("Tags"u8);
        json.BeginArray();
        foreach (TableTag tag in tags.All)
        {
            json.BeginObject();
            json.Name("Key"u8);
            json.Value(tag.Key);
            json.Name("Value"u8);
            json.Value(tag.Value);
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
    }

    /// <summary>The answer of DescribeEndpoints: one address, host and port.</summary>
    public static void Endpoints(ByteBuffer to, string address)
    {
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("Endpoints"u8);
        json.BeginArray();
        json.BeginObject();
        json.Name("Address"u8);
        json.Value(address);
        json.Name("CachePeriodInMinutes"u8);
        json.Value(EndpointMinutes);
        json.EndObject();
        json.EndArray();
        json.EndObject();
    }
}

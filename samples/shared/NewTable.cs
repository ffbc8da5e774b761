using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace Nines.Samples;

/// <summary>Makes the table of a sample when it is not there yet. Several copies of a service may do so at once.</summary>
internal static class NewTable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private const int MostLooks = 300;

    public static async Task MakeAsync(
        IAmazonDynamoDB tables, string name, string partition, (string Name, ScalarAttributeType Type) sort, CancellationToken cancel)
    {
        try
        {
            await tables.CreateTableAsync(
                new CreateTableRequest
                {
                    TableName = name,
                    KeySchema = [new KeySchemaElement(partition, KeyType.HASH), new KeySchemaElement(sort.Name, KeyType.RANGE)],
                    AttributeDefinitions =
                    [
                        new AttributeDefinition(partition, ScalarAttributeType.S), new AttributeDefinition(sort.Name, sort.Type),
                    ],
                    BillingMode = BillingMode.PAY_PER_REQUEST,
                },
                cancel);
        }
        catch (ResourceInUseException)
        {
            // It is there already, or being made by somebody else; either way it will be ACTIVE.
        }

        for (int looks = 0; (await tables.DescribeTableAsync(name, cancel)).Table.TableStatus != TableStatus.ACTIVE; looks++)
        {
            if (looks == MostLooks)
            {
                throw new AmazonClientException($"The table {name} does not become ACTIVE: is a majority of the nodes up?");
            }

            await Task.Delay(Look, cancel);
        }
    }
}

// The document client of the AWS SDK for JavaScript through the tables door, driven by tests/Nines.EndToEnd.Tests/JavaScriptDocumentTests.cs.
// The one argument is JSON: {"nodes": [url, ...]}. Each case prints a line "ok NAME" or "FAILED NAME: why"; the exit code is 1 when one failed.
import assert from "node:assert/strict";
import {
  CreateTableCommand, DeleteTableCommand, DescribeLimitsCommand, DescribeTableCommand, DynamoDBClient, ListTablesCommand,
  DescribeTimeToLiveCommand, ListTagsOfResourceCommand, TagResourceCommand, UntagResourceCommand, UpdateTableCommand, UpdateTimeToLiveCommand,
  waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, ScanCommand,
  BatchExecuteStatementCommand, ExecuteStatementCommand, ExecuteTransactionCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand,
  paginateQuery, paginateScan,
} from "@aws-sdk/lib-dynamodb";

const { nodes } = JSON.parse(process.argv[2]);
const raw = nodes.map((endpoint) => new DynamoDBClient({
  endpoint, region: "us-east-1", maxAttempts: 2, credentials: { accessKeyId: "any", secretAccessKey: "any" },
}));
const documents = raw.map((client) => DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }));
const TableName = "Documents";
const cases = [];
const test = (name, body) => cases.push([name, body]);
const at = (node) => documents[node % documents.length];
const until = async (holds) => {
  const end = Date.now() + 30_000;
  while (!await holds()) {
    assert.ok(Date.now() < end, "it does not come to hold");
    await new Promise((resume) => { setTimeout(resume, 50); });
  }
};
const refused = async (name, sending) => {
  const error = await sending.then(() => assert.fail(`not refused with ${name}`), (thrown) => thrown);
  assert.equal(error.name, name, error.message);
  return error;
};

test("a table is made and waited for", async () => {
  const made = await raw[0].send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "p", AttributeType: "S" }, { AttributeName: "s", AttributeType: "N" }],
    KeySchema: [{ AttributeName: "p", KeyType: "HASH" }, { AttributeName: "s", KeyType: "RANGE" }],
    Tags: [{ Key: "team", Value: "blue" }],
  }));
  assert.equal(made.TableDescription.TableStatus, "CREATING");
  await waitUntilTableExists({ client: raw[1 % raw.length], maxWaitTime: 30 }, { TableName });
  const { Table } = await raw[2 % raw.length].send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, "ACTIVE");
  assert.deepEqual(Table.KeySchema.map((k) => k.AttributeName), ["p", "s"]);
  assert.ok((await raw[0].send(new ListTablesCommand({}))).TableNames.includes(TableName));
  await refused("ResourceInUseException", raw[0].send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "p", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "p", KeyType: "HASH" }],
  })));
});

test("tags and limits", async () => {
  const { Table } = await raw[0].send(new DescribeTableCommand({ TableName }));
  await raw[0].send(new TagResourceCommand({ ResourceArn: Table.TableArn, Tags: [{ Key: "stage", Value: "test" }] }));
  await raw[0].send(new UntagResourceCommand({ ResourceArn: Table.TableArn, TagKeys: ["team"] }));
  const { Tags } = await raw[1 % raw.length].send(new ListTagsOfResourceCommand({ ResourceArn: Table.TableArn }));
  assert.deepEqual(Tags, [{ Key: "stage", Value: "test" }]);
  assert.ok((await raw[0].send(new DescribeLimitsCommand({}))).AccountMaxReadCapacityUnits > 0);
});

test("a document of every kind comes back as it was", async () => {
  const Item = {
    p: "kinds", s: 1, text: "é😀", empty: "", whole: 12345678901, part: -0.25, yes: true, nothing: null, bytes: new Uint8Array([0, 255, 7]),
    list: [1, "two", [3], { four: 4 }], map: { a: { b: { c: [] } } }, texts: new Set(["x", "y"]), numbers: new Set([1, 2.5]),
  };
  await at(0).send(new PutCommand({ TableName, Item }));
  const got = await at(1).send(new GetCommand({ TableName, Key: { p: "kinds", s: 1 }, ConsistentRead: true }));
  assert.deepEqual(got.Item, Item);
  const part = await at(2).send(new GetCommand({
    TableName, Key: { p: "kinds", s: 1 }, ConsistentRead: true, ProjectionExpression: "#l[3].four, #m.a.b", ExpressionAttributeNames: { "#l": "list", "#m": "map" },
  }));
  assert.deepEqual(part.Item, { list: [{ four: 4 }], map: { a: { b: { c: [] } } } });
  assert.equal((await at(0).send(new GetCommand({ TableName, Key: { p: "none", s: 1 } }))).Item, undefined);
});

test("an update with its values before and after", async () => {
  const Key = { p: "counter", s: 1 };
  const first = await at(0).send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET n = if_not_exists(n, :zero) + :one, tags = list_append(if_not_exists(tags, :none), :tag)",
    ExpressionAttributeValues: { ":zero": 0, ":one": 1, ":none": [], ":tag": ["a"] }, ReturnValues: "ALL_NEW",
  }));
  assert.deepEqual(first.Attributes, { ...Key, n: 1, tags: ["a"] });
  const second = await at(1).send(new UpdateCommand({
    TableName, Key, UpdateExpression: "ADD n :one REMOVE tags", ExpressionAttributeValues: { ":one": 41 }, ReturnValues: "UPDATED_OLD",
  }));
  assert.deepEqual(second.Attributes, { n: 1, tags: ["a"] });
  const failed = await refused("ConditionalCheckFailedException", at(2).send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET n = :one", ConditionExpression: "n < :one", ExpressionAttributeValues: { ":one": 1 },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  })));
  assert.equal(failed.message, "The conditional request failed");
  assert.equal(failed.Item.n.N ?? failed.Item.n, failed.Item.n.N ? "42" : 42);
  const gone = await at(0).send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(gone.Attributes, { ...Key, n: 42 });
});

test("pages of a query and of a scan", async () => {
  for (let from = 0; from < 100; from += 25) {
    const puts = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { p: "pages", s: from + i, even: (from + i) % 2 === 0 } } }));
    const { UnprocessedItems } = await at(from).send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
    assert.deepEqual(UnprocessedItems, {});
  }
  const seen = [];
  for await (const page of paginateQuery({ client: at(1), pageSize: 7 }, {
    TableName, KeyConditionExpression: "p = :p AND s BETWEEN :a AND :b", FilterExpression: "even = :yes", ConsistentRead: true, ScanIndexForward: false,
    ExpressionAttributeValues: { ":p": "pages", ":a": 10, ":b": 89, ":yes": true },
  })) {
    seen.push(...page.Items.map((item) => item.s));
  }
  assert.deepEqual(seen, Array.from({ length: 40 }, (_, i) => 88 - 2 * i));
  const count = await at(2).send(new QueryCommand({
    TableName, KeyConditionExpression: "p = :p", ExpressionAttributeValues: { ":p": "pages" }, Select: "COUNT", ConsistentRead: true,
  }));
  assert.equal(count.Count, 100);
  let scanned = 0;
  for (let Segment = 0; Segment < 4; Segment++) {
    for await (const page of paginateScan({ client: at(Segment), pageSize: 30 }, { TableName, Segment, TotalSegments: 4, ConsistentRead: true })) {
      scanned += page.Items.filter((item) => item.p === "pages").length;
    }
  }
  assert.equal(scanned, 100);
  const page = await at(0).send(new ScanCommand({ TableName, Limit: 5, ReturnConsumedCapacity: "TOTAL" }));
  assert.equal(page.ScannedCount, 5);
  assert.equal(page.ConsumedCapacity.TableName, TableName);
});

test("a batch of keys, some of them missing", async () => {
  const Keys = [0, 1, 2, 1000].map((s) => ({ p: "pages", s }));
  const { Responses, UnprocessedKeys } = await at(1).send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));
  assert.deepEqual(Responses[TableName].map((item) => item.s).sort(), [0, 1, 2]);
  assert.deepEqual(UnprocessedKeys, {});
});

test("transactions are done whole, once, or not at all", async () => {
  const account = (s, n) => ({ Put: { TableName, Item: { p: `account${s}`, s: 0, n } } });
  await at(0).send(new TransactWriteCommand({ TransactItems: [1, 2, 3, 4].map((s) => account(s, 100)) }));
  const move = (amount) => [
    { Update: { TableName, Key: { p: "account1", s: 0 }, UpdateExpression: "SET n = n - :v", ConditionExpression: "n >= :v", ExpressionAttributeValues: { ":v": amount } } },
    { Update: { TableName, Key: { p: "account2", s: 0 }, UpdateExpression: "ADD n :v", ExpressionAttributeValues: { ":v": amount } } },
    { ConditionCheck: { TableName, Key: { p: "account3", s: 0 }, ConditionExpression: "attribute_exists(p)" } },
    { Delete: { TableName, Key: { p: "account4", s: 0 } } },
  ];
  const ClientRequestToken = "documents-move";
  await at(1).send(new TransactWriteCommand({ TransactItems: move(30), ClientRequestToken }));
  await at(2).send(new TransactWriteCommand({ TransactItems: move(30), ClientRequestToken }));
  const cancelled = await refused("TransactionCanceledException", at(0).send(new TransactWriteCommand({ TransactItems: move(71) })));
  assert.deepEqual(cancelled.CancellationReasons.map((reason) => reason.Code), ["ConditionalCheckFailed", "None", "None", "None"]);
  await refused("IdempotentParameterMismatchException", at(1).send(new TransactWriteCommand({ TransactItems: move(1), ClientRequestToken })));
  const { Responses } = await at(2).send(new TransactGetCommand({
    TransactItems: [1, 2, 3, 4].map((s) => ({ Get: { TableName, Key: { p: `account${s}`, s: 0 } } })),
  }));
  assert.deepEqual(Responses.map((response) => response.Item?.n), [70, 130, 100, undefined]);
});

test("indexes follow their table and are added to it", async () => {
  const Name = "DocumentIndexes";
  await raw[0].send(new CreateTableCommand({
    TableName: Name, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["p", "s", "g", "l"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [{ AttributeName: "p", KeyType: "HASH" }, { AttributeName: "s", KeyType: "RANGE" }],
    LocalSecondaryIndexes: [{
      IndexName: "local", Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "p", KeyType: "HASH" }, { AttributeName: "l", KeyType: "RANGE" }],
    }],
    GlobalSecondaryIndexes: [{ IndexName: "global", Projection: { ProjectionType: "KEYS_ONLY" }, KeySchema: [{ AttributeName: "g", KeyType: "HASH" }] }],
  }));
  await waitUntilTableExists({ client: raw[1 % raw.length], maxWaitTime: 30 }, { TableName: Name });
  for (let i = 0; i < 10; i++) {
    await at(i).send(new PutCommand({ TableName: Name, Item: { p: "one", s: `s${i}`, l: `l${9 - i}`, ...(i % 2 === 0 ? { g: "even" } : {}) } }));
  }
  const local = await at(2).send(new QueryCommand({
    TableName: Name, IndexName: "local", ConsistentRead: true, KeyConditionExpression: "p = :p AND l < :l", ExpressionAttributeValues: { ":p": "one", ":l": "l3" },
  }));
  assert.deepEqual(local.Items.map((item) => item.s), ["s9", "s8", "s7"]);
  const even = async (IndexName) => (await at(1).send(new ScanCommand({ TableName: Name, IndexName }))).Items.map((item) => item.s).sort();
  await until(async () => String(await even("global")) === "s0,s2,s4,s6,s8");
  await raw[0].send(new UpdateTableCommand({
    TableName: Name, AttributeDefinitions: [{ AttributeName: "l", AttributeType: "S" }],
    GlobalSecondaryIndexUpdates: [{ Create: { IndexName: "late", Projection: { ProjectionType: "ALL" }, KeySchema: [{ AttributeName: "l", KeyType: "HASH" }] } }],
  }));
  const indexes = async () => (await raw[1 % raw.length].send(new DescribeTableCommand({ TableName: Name }))).Table.GlobalSecondaryIndexes;
  await until(async () => (await indexes()).every((index) => index.IndexStatus === "ACTIVE") && (await indexes()).length === 2);
  assert.equal((await even("late")).length, 10);
  await raw[0].send(new DeleteTableCommand({ TableName: Name }));
});

test("a stream tells what happened and items expire", async () => {
  const Name = "DocumentStream";
  await raw[0].send(new CreateTableCommand({
    TableName: Name, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }], StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  }));
  await waitUntilTableExists({ client: raw[1 % raw.length], maxWaitTime: 30 }, { TableName: Name });
  const streams = new DynamoDBStreamsClient({ endpoint: nodes[1 % nodes.length], region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" } });
  const [{ StreamArn }] = (await streams.send(new ListStreamsCommand({ TableName: Name }))).Streams;
  await raw[0].send(new UpdateTimeToLiveCommand({ TableName: Name, TimeToLiveSpecification: { AttributeName: "until", Enabled: true } }));
  await until(async () => (await raw[1 % raw.length].send(new DescribeTimeToLiveCommand({ TableName: Name }))).TimeToLiveDescription.TimeToLiveStatus === "ENABLED");
  const second = Math.floor(Date.now() / 1000);
  for (const [id, when] of [["over", second - 5], ["later", second + 3600]]) {
    await at(0).send(new PutCommand({ TableName: Name, Item: { id, until: when } }));
  }
  await until(async () => (await at(1).send(new ScanCommand({ TableName: Name, ConsistentRead: true }))).Count === 1);
  const seen = [];
  for (const { ShardId } of (await streams.send(new DescribeStreamCommand({ StreamArn }))).StreamDescription.Shards) {
    const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
    seen.push(...(await streams.send(new GetRecordsCommand({ ShardIterator }))).Records);
  }
  const of = (id) => seen.filter((record) => record.dynamodb.Keys.id.S === id).map((record) => [record.eventName, record.userIdentity?.PrincipalId]);
  assert.deepEqual(of("later"), [["INSERT", undefined]]);
  assert.deepEqual(of("over"), [["INSERT", undefined], ["REMOVE", "dynamodb.amazonaws.com"]]);
  await raw[0].send(new DeleteTableCommand({ TableName: Name }));
});

test("statements read and write documents", async () => {
  for (const s of [1, 2, 3]) {
    await at(s).send(new ExecuteStatementCommand({ Statement: `INSERT INTO ${TableName} VALUE {'p': ?, 's': ?, 'tags': ?}`, Parameters: ["statements", s, ["a", s]] }));
  }
  const got = await at(0).send(new ExecuteStatementCommand({
    Statement: `SELECT s, tags FROM ${TableName} WHERE p = 'statements' AND s BETWEEN 2 AND 3 ORDER BY s DESC`, ConsistentRead: true,
  }));
  assert.deepEqual(got.Items, [{ s: 3, tags: ["a", 3] }, { s: 2, tags: ["a", 2] }]);
  await refused("DuplicateItemException", at(1).send(new ExecuteStatementCommand({ Statement: `INSERT INTO ${TableName} VALUE {'p': 'statements', 's': 1}` })));
  const { Responses } = await at(2).send(new BatchExecuteStatementCommand({
    Statements: [1, 9].map((s) => ({ Statement: `SELECT tags FROM ${TableName} WHERE p = 'statements' AND s = ${s}`, ConsistentRead: true })),
  }));
  assert.deepEqual(Responses.map((response) => response.Item), [{ tags: ["a", 1] }, undefined]);
  await at(0).send(new ExecuteTransactionCommand({
    TransactStatements: [1, 2, 3].map((s) => ({ Statement: `DELETE FROM ${TableName} WHERE p = 'statements' AND s = ?`, Parameters: [s] })),
  }));
});

test("refusals in the service's own words", async () => {
  const empty = await refused("ValidationException", at(0).send(new PutCommand({ TableName, Item: { p: "", s: 1 } })));
  assert.match(empty.message, /empty string value/);
  const missing = await refused("ValidationException", at(0).send(new PutCommand({ TableName, Item: { p: "a" } })));
  assert.match(missing.message, /Missing the key s in the item/);
  await refused("ResourceNotFoundException", at(0).send(new GetCommand({ TableName: "Nowhere", Key: { p: "a" } })));
});

test("a table is changed and goes", async () => {
  await raw[0].send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  await refused("ValidationException", raw[0].send(new DeleteTableCommand({ TableName })));
  await raw[0].send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  await raw[0].send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client: raw[1 % raw.length], maxWaitTime: 30 }, { TableName });
});

let failed = 0;
for (const [name, body] of cases) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${String(error.stack ?? error).replaceAll("\n", " | ")}`);
  }
}
process.exit(failed === 0 ? 0 : 1);

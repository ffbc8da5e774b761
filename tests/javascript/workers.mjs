// Clients of the AWS SDK for JavaScript v3, driven by tests/Nines.EndToEnd.Tests/JavaScriptTests.cs.
// The one argument is JSON: { nodes: [url, ...], workers, firstClient, seed }. Works until standard input ends. Each operation is one line
// of JSON on standard output, in the shape of History/Observation.cs.
import {
  ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

const { nodes, workers, firstClient, seed } = JSON.parse(process.argv[2]);
const table = 'Registers';
const keys = 24;
const counters = 4;
const thinkMs = 20;
const valuesOfClient = 10_000_000;
const attemptTimeoutMs = 2000;
const callsAway = 16;

let stopping = false;
process.stdin.on('data', () => {});
process.stdin.on('end', () => { stopping = true; });

const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// xorshift32: the same operations for the same seed.
function random(state) {
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

// Sends each attempt to one node, and the next one to another when it failed. The SDK's retries keep the invocation id.
class Hopping {
  constructor(first) {
    this.first = first;
    this.at = first;
    this.away = 0;
    this.begin();
  }

  begin() {
    this.attempts = 0;
    this.allNotDone = true;
    this.ids = new Set();
    this.headers = {};

    // A client that hopped away comes back after some calls, or soon all would be at one node.
    this.away = this.at % nodes.length === this.first % nodes.length ? 0 : this.away + 1;
    if (this.away > callsAway) {
      this.at = this.first;
    }
  }

  install(client) {
    client.middlewareStack.add((next) => async (args) => {
      this.attempts++;
      this.headers = {};
      const node = new URL(nodes[this.at % nodes.length]);
      args.request.hostname = node.hostname;
      args.request.port = Number(node.port);
      this.ids.add(args.request.headers['amz-sdk-invocation-id']);
      try {
        const result = await next(args);
        this.answered(result.response);
        return result;
      } catch (error) {
        if (error.$response) {
          this.answered(error.$response);
        } else {
          this.allNotDone = this.allNotDone && error.code === 'ECONNREFUSED';
        }
        if (!error.$response || error.$response.statusCode >= 500) {
          this.at++;
        }
        throw error;
      }
    }, { step: 'finalizeRequest', priority: 'low', name: 'hopping' });
  }

  answered(response) {
    this.headers = response.headers;
    this.allNotDone = this.allNotDone && response.headers['x-nines-outcome'] === 'not-done';
  }
}

class Worker {
  constructor(number) {
    this.number = number;
    this.random = random(seed * 7919 + number);
    this.next = number * valuesOfClient + 1;
    this.lastSeen = new Map();
    this.hopping = new Hopping(number);
    this.client = new DynamoDBClient({
      endpoint: nodes[number % nodes.length],
      region: 'local',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      maxAttempts: 8,
      requestHandler: { requestTimeout: attemptTimeoutMs, connectionTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
    });
    this.hopping.install(this.client);
  }

  async run() {
    while (!stopping) {
      await this.once();
      await pause(this.random(thinkMs));
    }
    this.client.destroy();
  }

  once() {
    const key = `register-${this.random(keys)}`;
    const draw = this.random(100);
    if (draw < 32) return this.put(key);
    if (draw < 44) return this.compareAndSet(key);
    if (draw < 48) return this.observe({ act: 'Delete', key }, new DeleteItemCommand({ TableName: table, Key: { key: { S: key } } }));
    if (draw < 58) return this.add(`counter-${this.random(counters)}`);
    return this.get(key, draw < 90 ? 'Strong' : 'Eventual');
  }

  put(key) {
    const value = this.next++;
    return this.observe({ act: 'Put', key, value }, new PutItemCommand({ TableName: table, Item: this.item(key, value) }));
  }

  compareAndSet(key) {
    const value = this.next++;
    const expected = this.lastSeen.get(key) ?? 0;
    const condition = expected === 0
      ? { ConditionExpression: 'attribute_not_exists(#v)' }
      : { ConditionExpression: '#v = :expected', ExpressionAttributeValues: { ':expected': { N: String(expected) } } };
    return this.observe({ act: 'CompareAndSet', key, value, expected }, new PutItemCommand({
      TableName: table, Item: this.item(key, value), ExpressionAttributeNames: { '#v': 'value' }, ...condition,
    }));
  }

  add(key) {
    return this.observe({ act: 'Add', key }, new UpdateItemCommand({
      TableName: table, Key: { key: { S: key } }, UpdateExpression: 'ADD #c :one', ExpressionAttributeNames: { '#c': 'counter' },
      ExpressionAttributeValues: { ':one': { N: '1' } }, ReturnValues: 'UPDATED_NEW',
    }));
  }

  get(key, consistency) {
    return this.observe({ act: 'Get', key, consistency }, new GetItemCommand({
      TableName: table, Key: { key: { S: key } }, ConsistentRead: consistency === 'Strong',
    }));
  }

  item(key, value) {
    return { key: { S: key }, value: { N: String(value) } };
  }

  async observe(wanted, command) {
    const seen = { client: this.number, ...wanted, startUs: nowUs(), end: 'Unknown' };
    this.hopping.begin();
    try {
      const answer = await this.client.send(command);
      seen.end = 'Done';
      const found = answer.Item ?? (wanted.act === 'Add' ? answer.Attributes : undefined);
      seen.seen = Number(found?.value?.N ?? found?.counter?.N ?? 0);
    } catch (error) {
      seen.end = error instanceof ConditionalCheckFailedException ? 'ConditionFailed' : this.hopping.allNotDone ? 'NotDone' : 'Unknown';
      seen.text = seen.end === 'ConditionFailed' ? '' : `${error.name}: ${error.message}`;
    }
    if (seen.end !== 'Unknown') {
      seen.endUs = nowUs();
    }
    const { headers, attempts, ids } = this.hopping;
    if (ids.size !== 1 || ids.has(undefined)) {
      throw new Error(`${attempts} attempts carried the invocation ids ${[...ids]}`);
    }
    seen.attempts = attempts;
    seen.node = headers['x-nines-node'] ?? '';
    if (headers['x-nines-group']) {
      seen.group = Number(headers['x-nines-group']);
      seen.position = Number(headers['x-nines-position']);
    }
    if (seen.end === 'Done' && wanted.act !== 'Add') {
      this.lastSeen.set(wanted.key, wanted.act === 'Get' ? seen.seen : wanted.value ?? 0);
    }
    console.log(JSON.stringify(seen));
  }
}

await Promise.all(Array.from({ length: workers }, (_, i) => new Worker(firstClient + i).run()));

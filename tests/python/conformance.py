"""boto3 (and the AWS CLI where there is one) through the tables door, driven by tests/Nines.EndToEnd.Tests/PythonTests.cs.

The one argument is JSON: {"nodes": [url, ...]}. Each case prints a line "ok NAME" or "FAILED NAME: why"; the exit code is 1 when one failed.
Cases only use members that botocore of 2022 knows.
"""
import decimal
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config
from botocore.exceptions import ClientError

NODES = json.loads(sys.argv[1])["nodes"]
REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
ITEM_BYTES_MAX = 400 * 1024
TABLE = "Conformance"
CASES = []
RESERVED = "ABORT ACTION ALL AND BETWEEN COUNT DATE HASH IN ITEM KEY NAME NULL NUMBER OR ORDER SET SIZE STATUS TABLE TIME TYPE USER VALUE ZONE".split()
IN_GRAMMAR = {"AND", "BETWEEN", "IN", "OR", "SET"}


def case(function):
    CASES.append(function)
    return function


def client(node=0, **options):
    """A client that sends what a test says, also when botocore knows it is wrong."""
    config = Config(parameter_validation=False, retries={"max_attempts": 2, "mode": "standard"}, **options)
    return boto3.client("dynamodb", endpoint_url=NODES[node % len(NODES)], region_name=REGION, config=config, **CREDENTIALS)


def table(node=0):
    return boto3.resource("dynamodb", endpoint_url=NODES[node % len(NODES)], region_name=REGION, **CREDENTIALS).Table(TABLE)


def same(got, wanted):
    assert got == wanted, f"got {str(got)[:300]}, wanted {str(wanted)[:300]}"


def refused(code, message, call, **parameters):
    try:
        answer = call(**parameters)
    except ClientError as error:
        said = error.response["Error"]
        assert said["Code"] == code and message in said.get("Message", ""), f"got {said['Code']}: {said.get('Message', '')[:300]}"
        return error.response
    raise AssertionError(f"not refused: {str(answer)[:300]}")


def until(holds, seconds=30):
    """Waits until it holds: what follows from a change is there a moment later."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come to hold"
        time.sleep(0.05)


def key(text, number=0):
    return {"p": {"S": text}, "s": {"N": str(number)}}


def schema(*names_and_types):
    return {
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in names_and_types],
        "KeySchema": [{"AttributeName": n, "KeyType": k} for (n, _), k in zip(names_and_types, ("HASH", "RANGE"))],
    }


@case
def tables_come_and_go():
    c = client()
    created = c.create_table(TableName="Short", BillingMode="PAY_PER_REQUEST", **schema(("id", "S")))["TableDescription"]
    same(created["TableStatus"], "CREATING")
    c.get_waiter("table_exists").wait(TableName="Short", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    described = client(1).describe_table(TableName="Short")["Table"]
    same(described["TableStatus"], "ACTIVE")
    same(described["TableArn"], "arn:aws:dynamodb:us-east-1:000000000000:table/Short")
    refused("ResourceInUseException", "Table already exists: Short", c.create_table, TableName="Short", BillingMode="PAY_PER_REQUEST", **schema(("id", "S")))
    pages = client(2).get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
    same([name for page in pages for name in page["TableNames"]], [TABLE, "Short"])
    same(c.delete_table(TableName="Short")["TableDescription"]["TableStatus"], "DELETING")
    c.get_waiter("table_not_exists").wait(TableName="Short", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    for call in (c.describe_table, c.delete_table):
        refused("ResourceNotFoundException", "Requested resource not found: Table: Short not found", call, TableName="Short")
    refused("ResourceNotFoundException", "Requested resource not found", c.get_item, TableName="Short", Key={"id": {"S": "a"}})


@case
def wrong_tables_are_refused():
    c = client()
    good = schema(("id", "S"))
    refused("ValidationException", "at least 3 characters", c.create_table, TableName="ab", BillingMode="PAY_PER_REQUEST", **good)
    refused("ValidationException", "[a-zA-Z0-9_.-]+", c.create_table, TableName="a b c", BillingMode="PAY_PER_REQUEST", **good)
    refused("ValidationException", "[B, N, S]", c.create_table, TableName="Wrong", BillingMode="PAY_PER_REQUEST", **schema(("id", "BOOL")))
    refused("ValidationException", "ReadCapacityUnits and WriteCapacityUnits must both be specified", c.create_table, TableName="Wrong", **good)
    refused("ValidationException", "less than or equal to 100", c.list_tables, Limit=101)


@case
def every_type_comes_back():
    item = {
        "p": "types", "s": 1, "n": decimal.Decimal("12345678901234567890123456789012345678"), "tiny": decimal.Decimal("1E-130"),
        "huge": decimal.Decimal("9" * 38), "b": b"\x00\xff", "t": True, "z": None, "e": "", "eb": b"",
        "l": [1, "é", [None, {}]], "m": {"x": {"y": decimal.Decimal("-0.5")}}, "ss": {"a", "b", ""}, "ns": {1, decimal.Decimal("2.5")}, "bs": {b"a", b"b"},
    }
    table().put_item(Item=item)
    same(table(1).get_item(Key={"p": "types", "s": 1}, ConsistentRead=True)["Item"], item)


@case
def wrong_values_are_refused():
    put = client().put_item
    for value, message in (
        ({"SS": []}, "An string set  may not be empty"), ({"NS": []}, "An number set  may not be empty"), ({"BS": []}, "Binary sets should not be empty"),
        ({"SS": ["a", "a"]}, "Input collection [a, a] contains duplicates."), ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"), ({"N": "1e126"}, "Number overflow"),
        ({"N": "1e-131"}, "Number underflow"), ({"N": "ten"}, "The parameter cannot be converted to a numeric value: ten"),
        ({"NULL": False}, "Null attribute value types must have the value of true"), ({}, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set"),
    ):
        refused("ValidationException", message, put, TableName=TABLE, Item={**key("wrong"), "v": value})
    deep = {"S": "bottom"}
    for _ in range(32):
        deep = {"L": [deep]}
    refused("ValidationException", "Nesting Levels have exceeded supported limits", put, TableName=TABLE, Item={**key("wrong"), "v": deep})
    put(TableName=TABLE, Item={**key("right"), "v": deep["L"][0]})
    refused("ValidationException", "Empty attribute name", put, TableName=TABLE, Item={**key("wrong"), "": {"S": "a"}})
    refused("ValidationException", "Attribute name is too large", put, TableName=TABLE, Item={**key("wrong"), "n" * 65536: {"S": "a"}})
    put(TableName=TABLE, Item={**key("right"), "n" * 65535: {"S": "a"}})


@case
def wrong_keys_are_refused():
    c = client()
    refused("ValidationException", "Missing the key s in the item", c.put_item, TableName=TABLE, Item={"p": {"S": "a"}})
    refused("ValidationException", "Type mismatch for key p expected: S actual: N", c.put_item, TableName=TABLE, Item={"p": {"N": "1"}, "s": {"N": "1"}})
    refused("ValidationException", "cannot contain an empty string value. Key: p", c.put_item, TableName=TABLE, Item=key(""))
    refused("ValidationException", "maximum size limit of2048 bytes", c.put_item, TableName=TABLE, Item=key("a" * 2049))
    for wrong in ({"p": {"S": "a"}}, {**key("a"), "x": {"S": "a"}}, {"p": {"S": "a"}, "s": {"S": "1"}}, {}):
        refused("ValidationException", "The provided key element does not match the schema", c.get_item, TableName=TABLE, Key=wrong)
    refused("ValidationException", "Value null at 'key' failed", c.get_item, TableName=TABLE)
    refused("ValidationException", "Value null at 'item' failed", c.put_item, TableName=TABLE)
    refused("ValidationException", "Value null at 'tableName' failed", c.put_item, Item=key("a"))


@case
def an_item_is_400_kb_at_most():
    c = client()
    rest = len("p") + len("big") + len("s") + 1 + len("d")
    item = {**key("big"), "d": {"S": "x" * (ITEM_BYTES_MAX - rest)}}
    c.put_item(TableName=TABLE, Item=item)
    same(client(1).get_item(TableName=TABLE, Key=key("big"), ConsistentRead=True)["Item"], item)
    refused("ValidationException", "Item size to update has exceeded the maximum allowed size", c.update_item, TableName=TABLE, Key=key("big"),
            UpdateExpression="SET more = :m", ExpressionAttributeValues={":m": {"S": "x"}})
    item["d"]["S"] += "xx"
    refused("ValidationException", "Item size has exceeded the maximum allowed size", c.put_item, TableName=TABLE, Item=item)


@case
def conditions_hold_or_fail():
    t = table()
    t.put_item(Item={"p": "c", "s": 0, "n": 5, "name": "nine", "tags": {"a", "b"}, "l": [1, {"deep": "x"}]})
    good = Attr("n").between(5, 6) & Attr("name").begins_with("ni") & Attr("tags").contains("a") & Attr("l[1].deep").eq("x") \
        & Attr("none").not_exists() & ~Attr("n").is_in([1, 2]) & Attr("name").size().lt(5) & Attr("n").attribute_type("N")
    t.update_item(Key={"p": "c", "s": 0}, UpdateExpression="SET n = n + :o", ConditionExpression=good, ExpressionAttributeValues={":o": 1})
    same(t.get_item(Key={"p": "c", "s": 0}, ConsistentRead=True)["Item"]["n"], 6)
    for write in (
        lambda: t.put_item(Item={"p": "c", "s": 0}, ConditionExpression=Attr("p").not_exists()),
        lambda: t.delete_item(Key={"p": "c", "s": 0}, ConditionExpression=Attr("n").lt(6)),
        lambda: t.update_item(Key={"p": "no", "s": 0}, UpdateExpression="SET a = :a", ConditionExpression=Attr("p").exists(), ExpressionAttributeValues={":a": 1}),
    ):
        same(refused("ConditionalCheckFailedException", "The conditional request failed", write)["ResponseMetadata"]["HTTPStatusCode"], 400)
    same("Item" in t.get_item(Key={"p": "no", "s": 0}, ConsistentRead=True), False)


@case
def wrong_expressions_are_refused():
    c = client()
    for expression, message in (
        ("", "The expression can not be empty;"), ("n = ", 'Syntax error; token: "<EOF>", near: "= "'), ("foo(n)", "Invalid function name; function: foo"),
        ("n = :none", "An expression attribute value used in expression is not defined; attribute value: :none"),
        ("#none = :v", "An expression attribute name used in the document path is not defined; attribute name: #none"),
        ("size(n)", "The function is not allowed to be used this way in an expression; function: size"), ("((n = :v))", "redundant parentheses"),
        ("n = n", "The first operand must be distinct from the remaining operands"), ("n IN ()", "Syntax error"),
        ("n = :v AND n BETWEEN :v AND :w", "requires upper bound to be greater than or equal to lower bound"),
    ):
        refused("ValidationException", "Invalid ConditionExpression: " + message if message[0] not in "rT" else message, c.delete_item, TableName=TABLE,
                Key=key("x"), ConditionExpression=expression, ExpressionAttributeValues={":v": {"N": "9"}, ":w": {"N": "1"}})
    refused("ValidationException", "unused in expressions: keys: {:w}", c.delete_item, TableName=TABLE, Key=key("x"), ConditionExpression="n = :v",
            ExpressionAttributeValues={":v": {"N": "9"}, ":w": {"N": "1"}})
    for word in RESERVED:
        for name in (word, word.lower()):
            message = f'Syntax error; token: "{name}"' if word in IN_GRAMMAR else f"Attribute name is a reserved keyword; reserved keyword: {name}"
            refused("ValidationException", "Invalid ProjectionExpression: " + message, c.get_item, TableName=TABLE, Key=key("x"), ProjectionExpression=name)


@case
def updates_and_what_they_return():
    t = table()
    where = {"p": "u", "s": 0}
    t.put_item(Item={**where, "n": 1, "l": ["a"], "ss": {"a", "b"}, "gone": 1})
    after = t.update_item(
        Key=where, UpdateExpression="SET n = n - :o, l = list_append(l, :l), f = if_not_exists(f, :o) REMOVE gone ADD c :o DELETE ss :s",
        ExpressionAttributeValues={":o": 1, ":l": ["b"], ":s": {"a"}}, ReturnValues="ALL_NEW")["Attributes"]
    same(after, {**where, "n": 0, "l": ["a", "b"], "ss": {"b"}, "f": 1, "c": 1})
    add = {"Key": where, "UpdateExpression": "ADD c :o", "ExpressionAttributeValues": {":o": 1}}
    same(t.update_item(**add, ReturnValues="UPDATED_NEW")["Attributes"], {"c": 2})
    same(t.update_item(**add, ReturnValues="UPDATED_OLD")["Attributes"], {"c": 2})
    same(t.put_item(Item=where, ReturnValues="ALL_OLD")["Attributes"]["c"], 3)
    same(t.delete_item(Key=where, ReturnValues="ALL_OLD")["Attributes"], where)
    for expression, message in (
        ("SET p = :o", "Cannot update attribute p. This attribute is part of the key"), ("SET a = b", "refers to an attribute that does not exist in the item"),
        ("SET a = :o, a = :o", "Two document paths overlap with each other"), ("SET absent.x = :o", "The document path provided in the update expression is invalid for update"),
        ("SET a = :o SET b = :o", 'The "SET" section can only be used once in an update expression;'),
    ):
        values = {"ExpressionAttributeValues": {":o": 1}} if ":o" in expression else {}
        refused("ValidationException", message, t.update_item, Key=where, UpdateExpression=expression, **values)
    refused("ValidationException", "ReturnValues can only be ALL_OLD or NONE", t.put_item, Item=where, ReturnValues="ALL_NEW")


@case
def batches_and_their_limits():
    c = client()
    put = lambda n, **more: [{"PutRequest": {"Item": {**key("batch", i), **more}}} for i in range(n)]
    same(c.batch_write_item(RequestItems={TABLE: put(25)}, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"][0]["CapacityUnits"], 25.0)
    read = client(1).batch_get_item(RequestItems={TABLE: {"Keys": [key("batch", i) for i in range(100)], "ConsistentRead": True}})
    same(sorted(int(i["s"]["N"]) for i in read["Responses"][TABLE]), list(range(25)))
    same(read["UnprocessedKeys"], {})
    refused("ValidationException", "less than or equal to 25", c.batch_write_item, RequestItems={TABLE: put(26)})
    refused("ValidationException", "less than or equal to 100", c.batch_get_item, RequestItems={TABLE: {"Keys": [key("batch", i) for i in range(101)]}})
    refused("ValidationException", "Provided list of item keys contains duplicates", c.batch_write_item, RequestItems={TABLE: put(1) + put(1)})
    refused("ValidationException", "Provided list of item keys contains duplicates", c.batch_get_item, RequestItems={TABLE: {"Keys": [key("a"), key("a")]}})
    refused("ValidationException", "The provided key element does not match the schema", c.batch_write_item, RequestItems={TABLE: [{"PutRequest": {"Item": {"p": {"S": "a"}}}}]})
    refused("ValidationException", "An string set  may not be empty", c.batch_write_item, RequestItems={TABLE: put(1, v={"SS": []})})
    refused("ValidationException", "greater than or equal to 1", c.batch_get_item, RequestItems={})
    refused("ResourceNotFoundException", "Requested resource not found", c.batch_get_item, RequestItems={"NoTable": {"Keys": [key("a")]}})


@case
def a_batch_gives_16_mb_at_a_time():
    with table().batch_writer() as writer:
        for i in range(50):
            writer.put_item(Item={"p": "heavy", "s": i, "d": "x" * 400_000})
    left = {TABLE: {"Keys": [key("heavy", i) for i in range(50)], "ConsistentRead": True}}
    seen, rounds = set(), 0
    while left:
        answer = client(rounds).batch_get_item(RequestItems=left)
        seen |= {int(i["s"]["N"]) for i in answer["Responses"][TABLE]}
        left = answer["UnprocessedKeys"]
        rounds += 1
        assert not left or left[TABLE]["ConsistentRead"], left
    same((seen, rounds), (set(range(50)), 2))
    response = refused("413", "", client().put_item, TableName=TABLE, Item={**key("heavy"), "d": {"S": "x" * (17 << 20)}})
    same(response["ResponseMetadata"]["HTTPStatusCode"], 413)


@case
def queries_and_scans_page_through_everything():
    from boto3.dynamodb.conditions import Attr, Key, Key
    with table().batch_writer() as writer:
        for i in range(-60, 60):
            writer.put_item(Item={"p": "pages", "s": i, "even": i % 2 == 0, "d": "x" * 40_000})
    pages = list(client(1).get_paginator("query").paginate(
        TableName=TABLE, KeyConditionExpression="p = :p AND s BETWEEN :a AND :b", ConsistentRead=True, ScanIndexForward=False,
        ExpressionAttributeValues={":p": {"S": "pages"}, ":a": {"N": "-50"}, ":b": {"N": "49"}}))
    same([int(i["s"]["N"]) for page in pages for i in page["Items"]], list(range(49, -51, -1)))
    same([page["ScannedCount"] for page in pages], [27, 27, 27, 19])
    found = table(2).query(KeyConditionExpression=Key("p").eq("pages") & Key("s").gte(10), FilterExpression=Attr("even").eq(True),
                           ProjectionExpression="s", ConsistentRead=True, Limit=7)
    same(([int(i["s"]) for i in found["Items"]], found["ScannedCount"], int(found["LastEvaluatedKey"]["s"])), ([10, 12, 14, 16], 7, 16))
    counted = lambda **more: sum(page["Count"] for page in client(2).get_paginator("scan").paginate(
        TableName=TABLE, FilterExpression="p = :p", ExpressionAttributeValues={":p": {"S": "pages"}}, ConsistentRead=True, Select="COUNT", **more))
    same(counted(), 120)
    same(sum(counted(TotalSegments=7, Segment=s) for s in range(7)), 120)
    refused("ValidationException", "Query condition missed key schema element: p", client().query, TableName=TABLE,
            KeyConditionExpression="s = :s", ExpressionAttributeValues={":s": {"N": "1"}})


@case
def a_resend_is_the_same_write():
    """The same call through every node, with the invocation id that botocore keeps over its retries."""
    answers = []
    for node in range(3):
        c = client(node)
        c.meta.events.register("before-send.dynamodb.UpdateItem", lambda request, **_: request.headers.__setitem__(
            "amz-sdk-invocation-id", "0f0e0d0c-0b0a-4908-8706-050403020100"))
        answers.append(c.update_item(TableName=TABLE, Key=key("resend"), UpdateExpression="ADD n :o", ExpressionAttributeValues={":o": {"N": "1"}},
                                     ReturnValues="UPDATED_NEW")["Attributes"]["n"]["N"])
    same(answers, ["1", "1", "1"])


@case
def transactions_are_whole_or_nothing():
    c = client()
    puts = [{"Put": {"TableName": TABLE, "Item": {**key(f"transaction{n}"), "n": {"N": str(n)}}}} for n in range(4)]
    consumed = c.transact_write_items(TransactItems=puts, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    same([(part["TableName"], part["CapacityUnits"]) for part in consumed], [(TABLE, 8.0)])
    gets = [{"Get": {"TableName": TABLE, "Key": key(f"transaction{n}"), "ProjectionExpression": "n"}} for n in (3, 9, 0)]
    same(client(1).transact_get_items(TransactItems=gets)["Responses"], [{"Item": {"n": {"N": "3"}}}, {}, {"Item": {"n": {"N": "0"}}}])
    add = {"Update": {"TableName": TABLE, "Key": key("transaction1"), "UpdateExpression": "ADD n :v", "ExpressionAttributeValues": {":v": {"N": "5"}}}}
    check = {"ConditionCheck": {"TableName": TABLE, "Key": key("transaction2"), "ConditionExpression": "n = :v",
                                "ExpressionAttributeValues": {":v": {"N": "7"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
    failed = refused("TransactionCanceledException", "specific reasons [None, ConditionalCheckFailed]", c.transact_write_items, TransactItems=[add, check])
    reasons = failed["CancellationReasons"]
    same([reason["Code"] for reason in reasons], ["None", "ConditionalCheckFailed"])
    same(reasons[1]["Item"]["n"], {"N": "2"})
    for node in range(3):
        client(node).transact_write_items(TransactItems=[add, {"Delete": {"TableName": TABLE, "Key": key("transaction2")}}], ClientRequestToken="once")
    same(table(2).get_item(Key={"p": "transaction1", "s": 0}, ConsistentRead=True)["Item"]["n"], 6)
    refused("IdempotentParameterMismatchException", "", c.transact_write_items, TransactItems=[add], ClientRequestToken="once")
    refused("ValidationException", "multiple operations on one item", c.transact_write_items, TransactItems=[add, {"Delete": {"TableName": TABLE, "Key": key("transaction1")}}])


@case
def indexes_are_queried_and_come_and_go():
    c = client()
    attributes = [{"AttributeName": n, "AttributeType": t} for n, t in (("p", "S"), ("s", "N"), ("g", "S"), ("l", "N"))]
    index = lambda name, hash_name, range_name, projection: {
        "IndexName": name, "Projection": projection,
        "KeySchema": [{"AttributeName": hash_name, "KeyType": "HASH"}, {"AttributeName": range_name, "KeyType": "RANGE"}],
    }
    c.create_table(
        TableName="Indexed", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=attributes, KeySchema=schema(("p", "S"), ("s", "N"))["KeySchema"],
        LocalSecondaryIndexes=[index("local", "p", "l", {"ProjectionType": "ALL"})],
        GlobalSecondaryIndexes=[index("global", "g", "s", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]})])
    c.get_waiter("table_exists").wait(TableName="Indexed", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    t = boto3.resource("dynamodb", endpoint_url=NODES[1 % len(NODES)], region_name=REGION, **CREDENTIALS).Table("Indexed")
    with t.batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"p": f"p{i % 3}", "s": i, "l": -i, "v": i * i, "w": "not projected", **({"g": f"g{i % 4}"} if i % 5 else {})})
    got = t.query(IndexName="local", KeyConditionExpression=Key("p").eq("p1") & Key("l").between(-20, -1), ConsistentRead=True)
    same([int(item["s"]) for item in got["Items"]], [19, 16, 13, 10, 7, 4, 1])
    wanted = [i for i in range(60) if i % 5 and i % 4 == 2]
    until(lambda: [int(item["s"]) for item in t.query(IndexName="global", KeyConditionExpression=Key("g").eq("g2"))["Items"]] == wanted)
    same(t.query(IndexName="global", KeyConditionExpression=Key("g").eq("g2"), Limit=1)["Items"], [{"g": "g2", "s": 2, "p": "p2", "v": 4}])
    refused("ValidationException", "Consistent reads are not supported on global secondary indexes", c.query, TableName="Indexed", IndexName="global",
            ConsistentRead=True, KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "g2"}})
    refused("ValidationException", "The table does not have the specified index: none", c.scan, TableName="Indexed", IndexName="none")
    c.update_table(TableName="Indexed", AttributeDefinitions=attributes[:1] + [{"AttributeName": "v", "AttributeType": "N"}], GlobalSecondaryIndexUpdates=[
        {"Create": {"IndexName": "late", "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}}])
    status = lambda: {i["IndexName"]: i["IndexStatus"] for i in c.describe_table(TableName="Indexed")["Table"]["GlobalSecondaryIndexes"]}
    until(lambda: status() == {"global": "ACTIVE", "late": "ACTIVE"})
    same(t.query(IndexName="late", KeyConditionExpression=Key("v").eq(49))["Items"], [{"v": 49, "p": "p1", "s": 7}])
    c.update_table(TableName="Indexed", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}])
    until(lambda: status() == {"global": "ACTIVE"})
    c.delete_table(TableName="Indexed")


@case
def items_expire():
    c = client()
    c.create_table(TableName="Expiring", BillingMode="PAY_PER_REQUEST", **schema(("id", "S")))
    c.get_waiter("table_exists").wait(TableName="Expiring", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    now = int(time.time())
    for name, second in (("past", now - 10), ("future", now + 3600), ("ancient", now - 6 * 365 * 86400)):
        c.put_item(TableName="Expiring", Item={"id": {"S": name}, "until": {"N": str(second)}})
    c.put_item(TableName="Expiring", Item={"id": {"S": "text"}, "until": {"S": str(now - 10)}})
    wanted = {"AttributeName": "until", "Enabled": True}
    same(c.update_time_to_live(TableName="Expiring", TimeToLiveSpecification=wanted)["TimeToLiveSpecification"], wanted)
    describe = lambda: client(1).describe_time_to_live(TableName="Expiring")["TimeToLiveDescription"]
    until(lambda: describe() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"})
    until(lambda: sorted(item["id"]["S"] for item in c.scan(TableName="Expiring", ConsistentRead=True)["Items"]) == ["ancient", "future", "text"])
    refused("ValidationException", "TimeToLive is already enabled", c.update_time_to_live, TableName="Expiring", TimeToLiveSpecification=wanted)
    c.update_time_to_live(TableName="Expiring", TimeToLiveSpecification={**wanted, "Enabled": False})
    until(lambda: describe()["TimeToLiveStatus"] == "DISABLED")
    c.delete_table(TableName="Expiring")


@case
def streams_tell_what_happened():
    c = client()
    c.create_table(TableName="Streamed", BillingMode="PAY_PER_REQUEST", **schema(("id", "S")),
                   StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    c.get_waiter("table_exists").wait(TableName="Streamed", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    arn = c.describe_table(TableName="Streamed")["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams", endpoint_url=NODES[1 % len(NODES)], region_name=REGION, **CREDENTIALS)
    same([stream["StreamArn"] for stream in streams.list_streams(TableName="Streamed")["Streams"]], [arn])
    for i in range(30):
        c.put_item(TableName="Streamed", Item={"id": {"S": f"i{i}"}, "n": {"N": "1"}})
        c.put_item(TableName="Streamed", Item={"id": {"S": f"i{i}"}, "n": {"N": "1"}})
        c.update_item(TableName="Streamed", Key={"id": {"S": f"i{i}"}}, UpdateExpression="ADD n :o", ExpressionAttributeValues={":o": {"N": "1"}})
        c.delete_item(TableName="Streamed", Key={"id": {"S": f"i{i}"}})
    events = {}
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    for shard in shards:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            page = streams.get_records(ShardIterator=iterator, Limit=7)
            if not page["Records"]:
                break
            for record in page["Records"]:
                change = record["dynamodb"]
                events.setdefault(change["Keys"]["id"]["S"], []).append(
                    (record["eventName"], change.get("OldImage", {}).get("n", {}).get("N"), change.get("NewImage", {}).get("n", {}).get("N")))
            iterator = page["NextShardIterator"]
    same(events, {f"i{i}": [("INSERT", None, "1"), ("MODIFY", "1", "2"), ("REMOVE", "2", None)] for i in range(30)})
    refused("ResourceNotFoundException", "", streams.describe_stream, StreamArn=arn[:-3] + "999")
    refused("ValidationException", "Invalid ShardIterator", streams.get_records, ShardIterator="none")
    c.update_table(TableName="Streamed", StreamSpecification={"StreamEnabled": False})
    until(lambda: c.describe_table(TableName="Streamed")["Table"]["TableStatus"] == "ACTIVE")
    same("EndingSequenceNumber" in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["SequenceNumberRange"], True)
    c.delete_table(TableName="Streamed")


@case
def statements_come_to_the_other_operations():
    c = client()
    for i in range(5):
        c.execute_statement(Statement=f"INSERT INTO {TABLE} VALUE {{'p': 'partiql', 's': ?, 'n': {i}}}", Parameters=[{"N": str(i)}])
    refused("DuplicateItemException", "", c.execute_statement, Statement=f"INSERT INTO {TABLE} VALUE {{'p': 'partiql', 's': 0}}")
    same(c.execute_statement(Statement=f'SELECT s FROM "{TABLE}" WHERE p = ? AND s >= 2', Parameters=[{"S": "partiql"}], ConsistentRead=True)["Items"],
         [{"s": {"N": str(i)}} for i in (2, 3, 4)])
    same(c.execute_statement(Statement=f"UPDATE {TABLE} SET n = n + 10 WHERE p = 'partiql' AND s = 4 RETURNING ALL NEW *")["Items"],
         [{**key("partiql", 4), "n": {"N": "14"}}])
    batch = c.batch_execute_statement(Statements=[{"Statement": f"DELETE FROM {TABLE} WHERE p = 'partiql' AND s = {i}"} for i in (0, 1)]
                                      + [{"Statement": f"UPDATE {TABLE} SET n = 1 WHERE p = 'partiql' AND s = 99"}])["Responses"]
    same(["Error" in response for response in batch], [False, False, True])
    refused("TransactionCanceledException", "[None, ConditionalCheckFailed]", c.execute_transaction, TransactStatements=[
        {"Statement": f"DELETE FROM {TABLE} WHERE p = 'partiql' AND s = 2"},
        {"Statement": f"UPDATE {TABLE} SET n = 0 WHERE p = 'partiql' AND s = 3 AND n = 99"}])
    c.execute_transaction(TransactStatements=[{"Statement": f"DELETE FROM {TABLE} WHERE p = 'partiql' AND s = {i}"} for i in (2, 3, 4)])
    same(c.execute_statement(Statement=f"SELECT * FROM {TABLE} WHERE p = 'partiql'", ConsistentRead=True)["Items"], [])
    refused("ValidationException", "Statement wasn't well formed, can't be processed", c.execute_statement, Statement="SELEC")


@case
def tables_are_changed_and_tagged():
    c = client()
    arn = c.describe_table(TableName=TABLE)["Table"]["TableArn"]
    c.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}])
    c.untag_resource(ResourceArn=arn, TagKeys=["team"])
    same(client(2).list_tags_of_resource(ResourceArn=arn)["Tags"], [{"Key": "stage", "Value": "test"}])
    c.update_table(TableName=TABLE, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
    until(lambda: c.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE")
    same(c.describe_table(TableName=TABLE)["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"], 6)
    c.update_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST")
    same(c.describe_limits()["AccountMaxReadCapacityUnits"] > 0, True)
    same(len(c.describe_endpoints()["Endpoints"]), 1)


@case
def operations_that_are_not_there_say_so():
    refused("UnknownOperationException", "", client().describe_backup, BackupArn="arn:aws:dynamodb:us-east-1:000000000000:table/none/backup/01489602797149-73d8d5bc")


@case
def the_command_line_client_works():
    if not shutil.which("aws"):
        print("the AWS CLI is not installed: its case is not run")
        return

    def aws(*arguments, fails=None):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
        done = subprocess.run(["aws", "dynamodb", "--endpoint-url", NODES[0], "--output", "json", *arguments],
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode != 0) == bool(fails) and (fails or "") in done.stderr, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    on = ("--table-name", TABLE)
    aws("put-item", *on, "--item", json.dumps({**key("cli"), "n": {"N": "41"}}))
    same(aws("update-item", *on, "--key", json.dumps(key("cli")), "--update-expression", "ADD n :o", "--expression-attribute-values", '{":o": {"N": "1"}}',
             "--return-values", "UPDATED_NEW")["Attributes"], {"n": {"N": "42"}})
    same(aws("get-item", *on, "--key", json.dumps(key("cli")), "--consistent-read")["Item"]["n"], {"N": "42"})
    aws("put-item", *on, "--item", json.dumps(key("cli")), "--condition-expression", "attribute_not_exists(p)", fails="ConditionalCheckFailedException")
    same(TABLE in aws("list-tables")["TableNames"], True)


def main():
    c = client()
    c.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **schema(("p", "S"), ("s", "N")))
    c.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    failed = 0
    for run in CASES:
        try:
            run()
            print("ok", run.__name__, flush=True)
        except Exception as error:  # pylint: disable=broad-except
            where = traceback.extract_tb(error.__traceback__)
            lines = ", ".join(str(frame.lineno) for frame in where if frame.filename == __file__)
            print(f"FAILED {run.__name__}: {type(error).__name__}: {error} (lines {lines})", flush=True)
            failed += 1
    print(f"{len(CASES) - failed} ok, {failed} failed")
    return 1 if failed else 0


sys.exit(main())

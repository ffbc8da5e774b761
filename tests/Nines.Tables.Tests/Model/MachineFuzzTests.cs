using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Model;

/// <summary>Any bytes as commands, queries and answers: never an exception, and the same state from the same commands.</summary>
public sealed class MachineFuzzTests
{
    private const int Rounds = 40_000;

    private static readonly TableSchema Schema =
        new(7, "table", new KeyAttribute("id", AttributeType.String), new KeyAttribute("r", AttributeType.Number));

    [Fact]
    public void Mutated_commands_never_throw_and_two_replicas_stay_equal()
    {
        var machine = new TablesMachine();
        var one = new MemoryState();
        var two = new MemoryState();
        int done = 0;
        for (int i = 0; i < Rounds; i++)
        {
            ulong seed = 100 + (ulong)i;
            byte[] command = RandomCommand(new Prng(seed));
            var first = new ByteBuffer();
            var second = new ByteBuffer();
            var context = new CommandContext(new LogIndex(i + 1), i);
            Try(() => machine.Apply(context, command, one, first), seed);
            machine.Apply(context, command, two, second);
            Assert.True(first.Written.SequenceEqual(second.Written), $"seed {seed}");
            Assert.True(first.Length > 0, $"seed {seed} got no answer");
            done += TableAnswer.StatusOf(first.Written) == AnswerStatus.Done ? 1 : 0;
            if (i % 1000 == 0)
            {
                Assert.Equal(one.Hash(), two.Hash());
            }

            var answer = new ByteBuffer();
            Try(() => machine.Query(command, one, answer), seed);
            Assert.True(answer.Length > 0, $"seed {seed} got no answer");
        }

        Assert.Equal(one.Hash(), two.Hash());
        Assert.True(done > Rounds / 20, $"only {done} commands did anything");
    }

    [Fact]
    public void Any_bytes_are_read_as_answers_without_an_exception()
    {
        for (int i = 0; i < Rounds; i++)
        {
            ulong seed = 1_000_000 + (ulong)i;
            var random = new Prng(seed);
            byte[] bytes = RandomAnswer(random);
            Try(() =>
            {
                _ = TableAnswer.StatusOf(bytes);
                _ = TableAnswer.TryReadError(bytes);
                _ = TableAnswer.TryReadItem(bytes, out _, out _, out _);
                _ = TableAnswer.TryReadRow(bytes);
                _ = TableAnswer.TryReadRows(bytes);
                _ = TableAnswer.TryReadNames(bytes);
                _ = TableAnswer.TryReadMore(bytes);
                _ = TableDescription.TryDecode(bytes);
            }, seed);
        }
    }

    private static byte[] RandomCommand(Prng random)
    {
        var command = new ByteBuffer();
        string name = "t" + random.Below(4);
        byte[] key = [(byte)random.Below(8), 0, 1];
        switch (random.Below(16))
        {
            case 0:
                TableCommand.CreateTable(command, new TableDescription { Name = name, Hash = Schema.Hash, Range = Schema.Range });
                break;
            case 1:
                TableCommand.ActivateTable(command, name, (ulong)random.Below(50));
                break;
            case 2:
                TableCommand.DeleteTable(command, name);
                break;
            case 3:
                TableCommand.ForgetTable(command, name, (ulong)random.Below(50));
                break;
            case 4:
                TableCommand.RegisterTable(command, Schema with { Id = (ulong)random.Below(24) });
                break;
            case 5:
                TableCommand.DropTable(command, (ulong)random.Below(24));
                break;
            case 6:
                TableCommand.DescribeTable(command, name);
                break;
            case 7:
                TableCommand.ListTables(command, name, random.Below(5));
                break;
            case 8:
                TableCommand.GetItem(command, (ulong)random.Below(24), new ItemKey(3, key), (ItemFlags)random.Below(16));
                break;
            case 15:
                TableCommand.UpdateTable(command, new TableUpdate(name)
                {
                    Billing = random.Chance(0.3) ? (BillingMode)random.Between(1, 2) : null,
                    Throughput = random.Chance(0.5) ? new(random.Below(9), random.Below(9)) : null,
                    Class = random.Chance(0.2) ? (TableClass)random.Between(1, 2) : null,
                    DeletionProtection = random.Chance(0.2) ? random.Chance(0.2) : null,
                });
                break;
            case 14:
                TableCommand.ChangeTags(command, name, TableTags.Of([new("k" + random.Below(60), "v"), new("a", "")]), ["k" + random.Below(60)]);
                break;
            case 9:
                WriteWithExpressions(random, command, key);
                break;
            default:
                TableCommand.BeginItem(
                    command,
                    (TableCommandKind)((int)TableCommandKind.PutItem + random.Below(3)),
                    (ulong)random.Below(24),
                    new ItemKey(3, key),
                    (ItemFlags)random.Below(16),
                    (ReturnValues)random.Below(6));
                ItemCodec.Encode(Item.Of(("id", AttributeValue.Of("a")), ("v", AttributeValue.Of(random.Below(9)))), command);
                break;
        }

        return Damage(random, command.ToArray());
    }

    private static void WriteWithExpressions(Prng random, ByteBuffer command, byte[] key)
    {
        ExpressionContext context = ExpressionContext.Create(
            null, [new ExpressionValue(":v", AttributeValue.Of(random.Below(3))), new ExpressionValue(":l", new ListValue([]))]).Value!;
        string[] conditions = ["v = :v", "attribute_exists(id) AND NOT v > :v", "size(id) < :v OR contains(l, :v)"];
        string[] updates = ["SET v = v + :v", "ADD n :v REMOVE l[0]", "SET l = list_append(if_not_exists(l, :l), :l), w = :v", "SET m.x = :v"];
        bool isUpdate = random.Chance(0.6);
        bool hasCondition = random.Chance(0.5);
        ItemFlags flags = (hasCondition ? ItemFlags.Condition : 0) | (isUpdate ? ItemFlags.Update : 0) | ItemFlags.Measure;
        TableCommand.BeginItem(
            command,
            isUpdate ? TableCommandKind.UpdateItem : TableCommandKind.PutItem,
            (ulong)random.Below(24),
            new ItemKey(3, key),
            flags,
            (ReturnValues)random.Below(5));
        if (hasCondition)
        {
            ExpressionCodec.Encode(
                ExpressionParser.ParseCondition(random.Pick(conditions), ExpressionKind.Condition, context).Value!, command);
        }

        if (isUpdate)
        {
            ExpressionCodec.Encode(ExpressionParser.ParseUpdate(random.Pick(updates), context).Value!, command);
        }

        ItemCodec.Encode(Item.Of(("id", AttributeValue.Of("a"))), command);
    }

    private static byte[] RandomAnswer(Prng random)
    {
        var answer = new ByteBuffer();
        switch (random.Below(4))
        {
            case 0:
                TableAnswer.Write(answer, TableError.ConditionalCheckFailed(Item.Of(("id", AttributeValue.Of("a")))));
                break;
            case 1:
                TableAnswer.Write(answer, new TableDescription { Name = "table", Hash = Schema.Hash, Id = random.Next() });
                break;
            case 2:
                TableAnswer.BeginItem(answer, (1, 2), true);
                ItemCodec.Encode(Item.Of(("id", AttributeValue.Of("a"))), answer);
                break;
            default:
                var bytes = new byte[random.Below(30)];
                random.Fill(bytes);
                answer.Raw(bytes);
                break;
        }

        return Damage(random, answer.ToArray());
    }

    private static byte[] Damage(Prng random, byte[] bytes)
    {
        if (bytes.Length > 0 && random.Chance(0.5))
        {
            for (int i = random.Between(1, 3); i > 0; i--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            bytes = random.Chance(0.3) ? bytes[..random.Below(bytes.Length + 1)] : bytes;
        }

        return bytes;
    }

    private static void Try(Action action, ulong seed)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }
}

using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Model;

public sealed class CatalogueTests
{
    [Fact]
    public void A_row_that_cannot_be_read_is_not_written_over()
    {
        var machine = new TablesMachine();
        var state = new MemoryState();
        byte[] later = [99, 1, 2, 3];
        state.Put(Keyspace.CatalogueKey("abc"), later);
        var command = new ByteBuffer();
        TableCommand.CreateTable(command, new TableDescription { Name = "abc", Hash = new KeyAttribute("id", AttributeType.String) });
        var answer = new ByteBuffer();
        machine.Apply(new CommandContext(new LogIndex(7), 0), command.ToArray(), state, answer);
        Assert.Equal(AnswerStatus.Damaged, TableAnswer.StatusOf(answer.Written));
        Assert.True(state.TryGet(Keyspace.CatalogueKey("abc"), out ReadOnlyMemory<byte> kept));
        Assert.Equal(later, kept.ToArray());
    }
}

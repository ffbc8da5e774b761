using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

public sealed class LogOnRealDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nines-log").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_log_on_real_files_rotates_recycles_and_comes_back()
    {
        LogOptions options = LogRig.Small with { SegmentBytes = 1 << 20, GrowingSegmentBytes = 256 << 10 };
        long index = 0;
        for (int run = 0; run < 4; run++)
        {
            using var disk = new FileDisk(_root);
            LogRecovery recovery = SegmentedLog.Recover(disk, "log", options);
            using SegmentedLog log = recovery.Log;
            Assert.Equal(run == 0 ? LogCondition.Empty : LogCondition.Clean, recovery.Condition);
            if (run > 0)
            {
                RecoveredGroup group = Assert.Single(recovery.Groups);
                Assert.Equal(index, group.Entries[^1].Index.Value);
                Assert.All(group.Entries, e => Assert.True(e.Payload.Span.IndexOfAnyExcept((byte)e.Index.Value) < 0));
            }

            for (int i = 0; i < 60; i++)
            {
                for (int j = 0; j < 20; j++)
                {
                    index++;
                    var payload = new byte[2_000];
                    payload.AsSpan().Fill((byte)index);
                    log.Append(new GroupId(1), new LogEntry(new Term(1), new LogIndex(index), EntryKind.Command, payload));
                }

                log.BeginFlush().RunToEnd(log);
                if (i % 10 == 9)
                {
                    log.Discard(new GroupId(1), new LogIndex(index - 100));
                }

                while (log.TakeMaintenance() is { } work)
                {
                    work.RunToEnd(log);
                }
            }

            log.BeginSeal()?.RunToEnd(log);
            Assert.True(disk.List("log").Count < 8);
        }
    }
}

using Nines.Kernel;
using Nines.Tables.Engines.Throughput;
using Nines.Tables.Model;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <content>
/// Query and Scan. A page is read in slices: a group looks at a bounded number of bytes at a time, so that no reader holds up its node.
/// A Scan walks the slots in order. The slot of a key never changes, so a page begins behind the last one wherever groups have
/// moved meanwhile: nothing that stays is missed or read twice.
/// </content>
public sealed partial class EmbeddedTableEngine
{
    private const int SliceBytes = 128 << 10;

    /// <inheritdoc/>
    public async ValueTask<PageResult> QueryAsync(QueryRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        return await TryQueryAsync(request, call, deadline) ?? await TryQueryAsync(request, call, deadline) ?? Gone();
    }

    /// <inheritdoc/>
    public async ValueTask<PageResult> ScanAsync(ScanRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        return await TryScanAsync(request, call, deadline) ?? await TryScanAsync(request, call, deadline) ?? Gone();
    }

    private static PageResult Gone() => new(TableError.ResourceNotFound(), Certificate.Refused);

    /// <summary>Null: the table was made again under the same name, and this node's catalogue knows it now.</summary>
    private async ValueTask<PageResult?> TryQueryAsync(QueryRequest request, TableCall call, Deadline deadline)
    {
        var page = new PageReader(this, request, call, deadline);
        if (await page.FindTableAsync() is { } failure)
        {
            return failure;
        }

        PageSource source = page.Source;
        if (PageChecks.Check(source, request) is { } refused)
        {
            return new PageResult(refused, Certificate.Refused);
        }

        KeyCondition hash = PageChecks.ConditionOn(request, source.Hash)!;
        (int slot, byte[] partition) = source.Partition(hash.Values[0]);
        KeyCondition? sort = source.Range is { } range ? PageChecks.ConditionOn(request, range) : null;
        KeyRange keys = source.Index is null ? KeyRange.Of(partition, sort) : KeyRange.OfIndex(partition, sort);
        if (request.StartKey is { } start)
        {
            keys = keys.After(source.PlaceOf(start), request.IsReverse);
        }

        if (page.Begin() is { } exceeded)
        {
            return exceeded;
        }

        await page.ReadAsync(slot, keys, request.IsReverse);
        return page.Result();
    }

    private async ValueTask<PageResult?> TryScanAsync(ScanRequest request, TableCall call, Deadline deadline)
    {
        var page = new PageReader(this, request, call, deadline);
        if (await page.FindTableAsync() is { } failure)
        {
            return failure;
        }

        if (PageChecks.Check(page.Source, request) is { } refused)
        {
            return new PageResult(refused, Certificate.Refused);
        }

        int slot = FirstSlotOf(request, request.Segment);
        int end = FirstSlotOf(request, request.Segment + 1);
        byte[]? start = null;
        if (request.StartKey is { } startKey)
        {
            start = page.Source.PlaceOf(startKey);
            int startSlot = Keyspace.SlotOf(start);
            if (startSlot < slot || startSlot >= end)
            {
                return new PageResult(PageChecks.WrongSegment(request), Certificate.Refused);
            }

            slot = startSlot;
        }

        if (page.Begin() is { } exceeded)
        {
            return exceeded;
        }

        while (slot < end && !page.IsEnded)
        {
            int next = EndOfRun(slot, end);
            var keys = KeyRange.OfSlots(slot, next);
            await page.ReadAsync(slot, start is null ? keys : keys.After(start, isReverse: false), isReverse: false);
            start = null;
            slot = next;
        }

        return page.Result();
    }

    private static int FirstSlotOf(ScanRequest request, int segment) => (int)((long)Slots.Count * segment / request.TotalSegments);

    /// <summary>Behind the slots from this one on that are in one group.</summary>
    private int EndOfRun(int slot, int end)
    {
        GroupId group = _replicated.GroupOf(slot);
        int next = slot + 1;
        while (next < end && _replicated.GroupOf(next) == group)
        {
            next++;
        }

        return next;
    }

    /// <summary>One page while it is read, from one group after another.</summary>
    private sealed class PageReader(EmbeddedTableEngine engine, PageRequest request, TableCall call, Deadline deadline)
    {
        private readonly List<ReadOnlyMemory<byte>> _items = [];
        private readonly Consistency _consistency = call.ReadLevel(request.ConsistentRead);

        private TableThroughput? _throughput;
        private PageTotals _totals;
        private Item? _last;
        private PageResult? _failure;
        private Certificate? _certificate;
        private bool _isCorrected;
        private bool _isStale;

        public PageSource Source { get; private set; } = null!;

        /// <summary>The page is full, or could not be read.</summary>
        public bool IsEnded => _isStale || _failure is not null || _last is not null;

        public async ValueTask<PageResult?> FindTableAsync()
        {
            Catalogue.Found found = await engine.FindAsync(request.TableName, deadline);
            bool isStrong = _consistency == Consistency.Strong;
            if (found.Schema is not null && PageChecks.CheckIndex(found.Schema, request, isStrong) is not null)
            {
                // The index may have come since this node last asked.
                found = await engine._catalogue.ReadAsync(request.TableName, deadline);
            }

            if (found.Schema is null)
            {
                return new PageResult(found.Error, found.Certificate);
            }

            Source = new PageSource(found.Schema, request.IndexName is { } name ? found.Schema.Shape.IndexOf(name) : null);
            return PageChecks.CheckIndex(found.Schema, request, isStrong) is { } refused ? new PageResult(refused, Certificate.Refused) : null;
        }

        /// <summary>Lets the page begin while there is anything of the provisioned throughput; otherwise why it is not.</summary>
        public PageResult? Begin()
        {
            _throughput = engine._throughput?.Of(Source.Schema);
            return _throughput?.BeginRead(MeteredIndexId, LeastRead(IsStrong)) is { } exceeded ? new PageResult(exceeded, Certificate.Refused) : null;
        }

        /// <summary>Reads a range, which is in the group of the slot, until its end or the page's.</summary>
        public async ValueTask ReadAsync(int slot, KeyRange keys, bool isReverse)
        {
            while (!IsEnded)
            {
                GroupId group = engine._replicated.GroupOf(slot);
                Answer answer = await SendAsync(group, keys, isReverse);
                if (answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.UnknownTable && !_isCorrected)
                {
                    await CorrectAsync(group);
                    continue;
                }

                Observe(call, answer);
                if (ErrorOf(answer) is { } error)
                {
                    _failure = new PageResult(error, CertificateOf(answer, error));
                    return;
                }

                if (!PageAnswer.TryRead(answer.Body, _items, out PageTotals totals, out Item? last))
                {
                    _failure = new PageResult(Outcomes.Malformed(), Certificate.Of(answer));
                    return;
                }

                Take(answer, totals);
                if (last is null)
                {
                    return;
                }

                _last = IsFull ? last : null;
                keys = keys.After(Source.PlaceOf(last), isReverse);
            }
        }

        /// <summary>Null: the request was checked against the keys of a table that is gone.</summary>
        public PageResult? Result() => _isStale ? null : _failure ?? WithCapacity(new PageResult(null, _certificate ?? Certificate.Done)
        {
            Items = _items,
            Totals = _totals,
            LastKey = _last,
        });

        private bool IsStrong => _consistency == Consistency.Strong;

        /// <summary>The global index that the page draws on; zero: the table.</summary>
        private ulong MeteredIndexId => Source.Index is { IsGlobal: true } index ? index.Id : 0;

        private PageResult WithCapacity(PageResult result)
        {
            if (request.Capacity == CapacityReturn.None && _throughput is null)
            {
                return result;
            }

            decimal units = Capacity.OfRead(_totals.Bytes - _totals.FetchedBytes, IsStrong);
            decimal fetched = _totals.FetchedUnits * (IsStrong ? 1m : 0.5m);
            _throughput?.TakeRead(MeteredIndexId, units - LeastRead(IsStrong));
            _throughput?.TakeRead(0, fetched);
            if (request.Capacity == CapacityReturn.None)
            {
                return result;
            }

            return Source.Index is not { } index ? result with { CapacityUnits = units } : result with
            {
                CapacityUnits = fetched,
                IndexUnits = [new IndexUnits(index.Name, index.IsGlobal, units)],
            };
        }

        private bool IsFull => _totals.Bytes >= PageQuery.BytesMax || (request.Limit > 0 && _totals.Scanned >= request.Limit);

        private ValueTask<Answer> SendAsync(GroupId group, KeyRange keys, bool isReverse)
        {
            PageFlags flags = (isReverse ? PageFlags.Reverse : 0) | (request.CountOnly ? PageFlags.CountOnly : 0)
                | (Source.Fetches(request) ? PageFlags.Fetch : 0);
            int items = request.Limit == 0 ? 0 : request.Limit - _totals.Scanned;
            int bytes = (int)Math.Min(SliceBytes, PageQuery.BytesMax - _totals.Bytes);
            var query = new ByteBuffer(128);
            new PageQuery(Source.Schema.Id, keys.From, keys.To, flags, items, bytes, Source.KeyNames)
            {
                IndexId = Source.Index?.Id ?? 0,
                Filter = request.Filter,
                Projection = request.Projection,
            }.Encode(query);

            // A replica that did not know the table is behind: only the leader is sure to know it now.
            Consistency consistency = _isCorrected ? Consistency.Strong : _consistency;
            return engine._clientReads.ReadAsync(
                group, TablesMachine.MachineId, consistency, PositionIn(group, call), query.WrittenMemory, deadline.Left);
        }

        /// <summary>
        /// A group does not know the table or the index: one was made again, or is gone, or the group or its replica is behind.
        /// </summary>
        private async ValueTask CorrectAsync(GroupId group)
        {
            _isCorrected = true;
            Catalogue.Found found = await engine._catalogue.ReadAsync(request.TableName, deadline);
            if (found.Schema is null)
            {
                _failure = new PageResult(found.Error, found.Certificate);
            }
            else if (found.Schema.Id == Source.Schema.Id && (Source.Index is not { } index || found.Schema.Shape.IndexOf(index.Id) is not null))
            {
                await engine.RegisterAsync(group, found.Schema, deadline);
            }
            else
            {
                _isStale = true;
            }
        }

        /// <summary>The answer is as old as its oldest part.</summary>
        private void Take(in Answer answer, PageTotals totals)
        {
            _totals += totals;
            long soFar = _certificate?.StalenessMs ?? 0;
            long staleness = soFar < 0 || answer.StalenessMs < 0 ? -1 : Math.Max(soFar, answer.StalenessMs);
            _certificate = Certificate.Of(answer) with { StalenessMs = staleness };
        }
    }
}

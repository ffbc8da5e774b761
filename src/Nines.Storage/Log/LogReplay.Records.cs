using Nines.Kernel;

namespace Nines.Storage.Log;

/// <content>What records and frames do to the groups.</content>
internal sealed partial class LogReplay
{
    private void Apply(List<DirectoryRecord> records)
    {
        foreach (DirectoryRecord record in records)
        {
            switch (record.Kind)
            {
                case RecordKind.Echo:
                    return;
                case RecordKind.Checkpoint:
                    BeginCheckpoint(record.Count != 0);
                    break;
                case RecordKind.LossAccepted:
                    AnyGroupMayBeLost = false;
                    break;
                case RecordKind.Run or RecordKind.HardState or RecordKind.Discard or RecordKind.Restart or RecordKind.Remove
                    or RecordKind.Repair or RecordKind.State or RecordKind.Held or RecordKind.Lost:
                    GroupOf(record.Group).Apply(record);
                    break;
            }
        }

        foreach (ReplayedGroup gone in _groups.Values.Where(group => !group.Exists).ToArray())
        {
            _groups.Remove(gone.Group.Value);
        }
    }

    /// <summary>All that batches before this one led to is said again: what was unknown is known.</summary>
    private void BeginCheckpoint(bool anyGroupMayBeLost)
    {
        _unknown = false;
        AnyGroupMayBeLost = anyGroupMayBeLost;
        foreach (ReplayedGroup group in _groups.Values)
        {
            // The payloads stay: the State and Held records that follow say which of them count.
            group.Exists = false;
        }
    }

    private void ApplyEcho(List<DirectoryRecord>? records)
    {
        if (records != null)
        {
            Apply(records);
        }
    }

    private void FillFrames(ScannedBatch batch)
    {
        int framesBytes = (int)Math.Clamp(_scan.Bytes.Length - batch.Piece.FramesOffset, 0, batch.Piece.FramesBytes);
        foreach (LogFrame frame in _content.Frames)
        {
            if (_groups.TryGetValue(frame.Group.Value, out ReplayedGroup? group))
            {
                group.Fill(frame, _scan.Bytes.AsSpan((int)batch.Piece.FramesOffset, framesBytes), _segment);
            }
        }
    }

    private ReplayedGroup GroupOf(GroupId id)
    {
        if (!_groups.TryGetValue(id.Value, out ReplayedGroup? group))
        {
            group = new ReplayedGroup(id);
            _groups.Add(id.Value, group);
        }

        return group;
    }
}

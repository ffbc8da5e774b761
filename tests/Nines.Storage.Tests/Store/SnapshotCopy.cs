using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>Sends a snapshot's files as a careless network would: in pieces, out of order, some of them twice.</summary>
internal static class SnapshotCopy
{
    public static void Copy(StoreSnapshot snapshot, SnapshotReceiver receiver, Prng prng, Action<int, long, byte[]>? change = null)
    {
        var pieces = new List<(int File, long Offset, byte[] Bytes)>();
        for (int file = 0; file < snapshot.Files.Count; file++)
        {
            for (long offset = 0; offset < snapshot.Files[file].Length;)
            {
                byte[] bytes = new byte[1 + prng.Below(700)];
                int count = snapshot.Read(file, offset, bytes);
                Assert.True(count > 0);
                pieces.Add((file, offset, bytes[..count]));
                if (prng.Chance(0.1))
                {
                    pieces.Add((file, offset, bytes[..count]));
                }

                offset += count;
            }
        }

        prng.Shuffle(pieces);
        foreach ((int file, long offset, byte[] bytes) in pieces)
        {
            change?.Invoke(file, offset, bytes);
            Assert.True(receiver.Write(file, offset, bytes));
        }
    }
}

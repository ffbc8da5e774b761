using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>
/// Bytes of format version 1 as they were written when it was fixed. They are never regenerated: a change of format gets a new
/// version number and its own bytes, and these must stay readable.
/// </summary>
internal static class Golden
{
    public const string TableHex =
        "00001776616C7565206F662074686520656D707479206B657909066B65792F616C70686166697273740B006B65792F61" +
        "6C7068612F31010000001900000029000000030000000A6B65792F616C7068612F010132012933000000000000000000" +
        "000000000000000000000000000000000000000000000000000000000000000B0000000E00000002000000086B65792F" +
        "6265746100056C6173740900000001000000060F11AA00C4C804EA046B65792F0707616C7068612F3100465119270E07" +
        "07616C7068612F3346456DE8AF7A0408626574618B01172C124E3D050000001400000023000000030000004E494E4553" +
        "54424C01000000070000000000000006000000000000000100000000000000A20000000000000009000000868D41A1AB" +
        "0000000000000040000000080AE2E1000000000000000047424822";
    public const string ManifestHex =
        "4E494E45534D414E0100000063AC0203E807046D6574610500FA01FB0190A10FFC0102FAEEFFC00161017A00090AA846" +
        "0B0209EEFFC001620179010708D836090207EEFFC000016B010809C03E0A0208EEFFC0016C01780605068827070205EE" +
        "FFC0066D6964646C65066D6964646C65691A1DF1";

    public static readonly string[] HashInputs = ["", "a", "12345678", "123456789", "a longer key with several words"];
    public static readonly string[] Hashes =
    [
        "0000000000000000", "50b56d37885bc7d0", "c2c64716f7d15cce", "0783b0fcea6950cf", "283fd5d1c7e581b4",
    ];

    public static byte[] TableBytes => Convert.FromHexString(TableHex);

    public static byte[] ManifestBytes => Convert.FromHexString(ManifestHex);

    public static TableMeta Meta { get; } = new()
    {
        Number = 7,
        Identity = 7,
        Length = TableHex.Length / 2,
        Entries = 6,
        Tombstones = 1,
        FooterChecksum = 0x22484247,
        Smallest = [],
        Largest = "key/beta"u8.ToArray(),
    };

    public static Manifest Manifest { get; } = new()
    {
        NextFile = 300,
        Point = new StorePoint(new LogPosition(new Term(3), new LogIndex(1000)), "meta"u8.ToArray()),
        Levels =
        [
            [Table(250, "a", "z"), Table(9, "b", "y")],
            [Table(7, "", "k"), Table(8, "l", "x")],
            [], [], [], [],
            [Table(5, "middle", "middle")],
        ],
    };

    public static void WriteTable(TableWriter writer)
    {
        writer.Add(default, "value of the empty key"u8, isTombstone: false);
        writer.Add("key/alpha"u8, "first"u8, isTombstone: false);
        writer.Add("key/alpha/1"u8, default, isTombstone: true);
        writer.Add("key/alpha/2"u8, default, isTombstone: false);
        writer.Add("key/alpha/3"u8, new byte[40], isTombstone: false);
        writer.Add("key/beta"u8, "last"u8, isTombstone: false);
    }

    private static TableMeta Table(long number, string smallest, string largest) => new()
    {
        Number = number,
        Identity = number + 1,
        Length = number * 1000,
        Entries = number + 2,
        Tombstones = 2,
        FooterChecksum = 0xC0FFEE00 + (uint)number,
        Smallest = StoreRig.Value(smallest),
        Largest = StoreRig.Value(largest),
    };
}

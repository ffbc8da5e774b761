using Nines.Node.Doctor;
using Nines.Node.Hosting;

namespace Nines.Node.Tests.Hosting;

public sealed class DescriptorLimitTests
{
    private const int Wanted = 10_000;

    [Theory]
    [InlineData(64, 24, 8)]
    [InlineData(512, 224, 32)]
    [InlineData(1024, 672, 96)]
    [InlineData(8192, 5376, 768)]
    [InlineData(65_536, 10_000, 6144)]
    [InlineData(long.MaxValue, 10_000, 10_000)]
    public void Clients_get_what_files_and_peers_leave(long descriptors, int tables, int admin)
    {
        var limit = new DescriptorLimit(descriptors);
        Assert.Equal((tables, admin), (limit.TablesConnections(Wanted), limit.AdminConnections(Wanted)));
    }

    [Fact]
    public void What_is_configured_is_never_exceeded() =>
        Assert.Equal((16, 16), (new DescriptorLimit(65_536).TablesConnections(16), new DescriptorLimit(65_536).AdminConnections(16)));

    [Theory]
    [InlineData(512, Verdict.Bad)]
    [InlineData(1024, Verdict.Warning)]
    [InlineData(8192, Verdict.Warning)]
    [InlineData(65_536, Verdict.Good)]
    public void The_doctor_tells_how_many_clients_fit(long descriptors, Verdict verdict)
    {
        Finding finding = Thresholds.OpenFiles(new DescriptorLimit(descriptors));
        Assert.Equal(verdict, finding.Verdict);
        Assert.Contains($"{new DescriptorLimit(descriptors).TablesConnections(Wanted)} clients at once", finding.Measured, StringComparison.Ordinal);
    }
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Nines.Node.Configuration;

namespace Nines.Node.Hosting;

/// <summary>Where log lines go: standard output, one line each, as text or JSON. Colours only on a terminal.</summary>
internal static class NodeLogs
{
    public static ILoggerFactory Create(NodeConfiguration configuration) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(Enum.Parse<LogLevel>(configuration.LogLevel, ignoreCase: true));
        builder.AddFilter("Microsoft", LogLevel.Warning);
        if (configuration.LogJson)
        {
            builder.AddJsonConsole(options => options.UseUtcTimestamp = true);
            return;
        }

        builder.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
            options.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Enabled;
        });
    });
}

using System.CommandLine;
using System.CommandLine.Parsing;
using Nines.Node.Configuration;

namespace Nines.Node.Commands;

/// <summary>The flags a node takes: one for every configuration key, and the file.</summary>
internal sealed class ConfigurationOptions
{
    private readonly Option<FileInfo?> _file = new("--config", "-c")
    {
        Description = "Configuration file (JSON). Environment variables NINES_... override it, flags override both.",
        HelpName = "FILE",
    };

    private readonly List<(ConfigurationKey Key, Option<string> Option)> _keys =
    [
        .. ConfigurationKeys.All.Select(key => (key, new Option<string>(key.FlagName)
        {
            Description = key.Default.Length > 0 ? $"{key.Meaning} [{key.Name}, default {key.Default}]" : $"{key.Meaning} [{key.Name}]",
            Arity = key.Default is "true" or "false" ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
            HelpName = key.Default is "true" or "false" ? "true|false" : "VALUE",
        })),
    ];

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        _keys.ForEach(key => command.Options.Add(key.Option));
    }

    public ConfigurationSources Read(ParseResult parsed)
    {
        var sources = new ConfigurationSources();
        if (parsed.GetValue(_file) is { } file)
        {
            sources.AddFile(file.FullName);
        }

        sources.AddEnvironment(Environment.GetEnvironmentVariables());
        foreach ((ConfigurationKey key, Option<string> option) in _keys)
        {
            if (parsed.GetResult(option) is OptionResult { Implicit: false } given)
            {
                // A flag without a value says yes.
                sources.AddFlag(key, given.Tokens.Count == 0 ? "true" : given.Tokens[0].Value);
            }
        }

        return sources;
    }
}

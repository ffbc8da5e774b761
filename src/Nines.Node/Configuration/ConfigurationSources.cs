using System.Collections;
using System.Text.Json;

namespace Nines.Node.Configuration;

/// <summary>A value as somebody wrote it, and where.</summary>
public sealed record ConfigurationValue(string Text, string Origin);

/// <summary>What is wrong with one value, complete enough to mend it without looking anything up.</summary>
public sealed record ConfigurationError(string Key, string Given, string Allowed, string Origin)
{
    public override string ToString() =>
        Key == ConfigurationSources.FileKey && Given.Length == 0 ? $"{Key}: {Allowed} ({Origin})"
        : Given.Length == 0 ? $"{Key}: is missing; expected {Allowed} ({Origin})"
        : $"{Key}: \"{Given}\" is not allowed; expected {Allowed} ({Origin})";
}

/// <summary>
/// Collects what was written in the file, the environment and the flags. A later source wins over an earlier one; all errors are
/// kept, so that one run tells all of them.
/// </summary>
public sealed class ConfigurationSources
{
    /// <summary>The key of errors that are the whole file's.</summary>
    public const string FileKey = "config";

    private readonly Dictionary<string, ConfigurationValue> _values = new(StringComparer.OrdinalIgnoreCase);

    public List<ConfigurationError> Errors { get; } = [];

    /// <summary>Things that look wrong and stop nothing.</summary>
    public List<string> Warnings { get; } = [];

    public ConfigurationValue Get(ConfigurationKey key) =>
        _values.GetValueOrDefault(key.Name) ?? new ConfigurationValue(key.Default, "default");

    public ConfigurationSources AddFile(string path)
    {
        string origin = $"file {path}";
        try
        {
            return AddText(File.ReadAllText(path), origin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Errors.Add(new ConfigurationError(FileKey, "", $"the file cannot be read: {e.Message}", origin));
            return this;
        }
    }

    /// <summary>Adds what the text of a configuration file says.</summary>
    public ConfigurationSources AddText(string text, string origin)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            AddObject(document.RootElement, "", origin);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader says InvalidOperationException for a string that is no Unicode (half of a surrogate pair).
            Errors.Add(new ConfigurationError(FileKey, "", $"the file is not JSON: {e.Message}", origin));
        }

        return this;
    }

    public ConfigurationSources AddEnvironment(IDictionary variables)
    {
        foreach (DictionaryEntry entry in variables)
        {
            var name = (string)entry.Key;
            if (!name.StartsWith(ConfigurationKey.EnvironmentPrefix, StringComparison.Ordinal))
            {
                continue;
            }

            ConfigurationKey? key = ConfigurationKeys.All.FirstOrDefault(k => k.EnvironmentName == name);
            if (key is null)
            {
                Warnings.Add($"The environment variable {name} is no configuration key and is ignored.");
                continue;
            }

            _values[key.Name] = new ConfigurationValue((string?)entry.Value ?? "", $"environment {name}");
        }

        return this;
    }

    public ConfigurationSources AddFlag(ConfigurationKey key, string text)
    {
        _values[key.Name] = new ConfigurationValue(text, $"flag {key.FlagName}");
        return this;
    }

    private void AddObject(JsonElement element, string prefix, string origin)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Errors.Add(new ConfigurationError(FileKey, element.GetRawText(), "a JSON object", origin));
            return;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                AddObject(property.Value, name + ".", origin);
                continue;
            }

            ConfigurationKey? key = ConfigurationKeys.Find(name);
            if (key is null)
            {
                // The value stays unsaid: it may be a secret under a name with a slip of the pen.
                string known = string.Join(", ", ConfigurationKeys.All.Select(k => k.Name));
                Errors.Add(new ConfigurationError(name, name, $"one of these keys: {known}", origin));
                continue;
            }

            if (!_values.TryAdd(key.Name, new ConfigurationValue(Text(property.Value), origin)))
            {
                Errors.Add(new ConfigurationError(key.Name, key.Shown(Text(property.Value)), "the key once", origin));
            }
        }
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(Text)),
        JsonValueKind.Undefined or JsonValueKind.Object or JsonValueKind.Number
            or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => value.GetRawText(),
    };
}

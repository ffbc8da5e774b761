using System.Globalization;
using System.Net;
using Nines.Kernel;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Node.Configuration;

/// <summary>Reads single values. A malformed one is noted as an error and read as a harmless default, so that reading goes on.</summary>
internal sealed class ConfigurationReader(ConfigurationSources sources)
{
    /// <summary>How many errors were noted so far.</summary>
    public int ErrorCount => sources.Errors.Count;

    public void Refuse(ConfigurationKey key, string? allowed = null)
    {
        ConfigurationValue value = sources.Get(key);
        sources.Errors.Add(new ConfigurationError(key.Name, key.Shown(value.Text), allowed ?? key.Allowed, value.Origin));
    }

    public string Text(ConfigurationKey key) => sources.Get(key).Text.Trim();

    public int Number(ConfigurationKey key, int min, int max)
    {
        if (int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max)
        {
            return number;
        }

        Refuse(key);
        return min;
    }

    public bool Flag(ConfigurationKey key)
    {
        if (bool.TryParse(Text(key), out bool flag))
        {
            return flag;
        }

        Refuse(key);
        return false;
    }

    public long Size(ConfigurationKey key, long min, long max)
    {
        if (TryUnits(Text(key), [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("B", 1)], out long size)
            && size >= min && size <= max)
        {
            return size;
        }

        Refuse(key);
        return min;
    }

    public TimeSpan Duration(ConfigurationKey key, TimeSpan min, TimeSpan max)
    {
        if (TryDuration(Text(key), out TimeSpan duration) && duration >= min && duration <= max)
        {
            return duration;
        }

        Refuse(key);
        return min;
    }

    public static bool TryDuration(string text, out TimeSpan duration)
    {
        bool isOne = TryUnits(text, [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)], out long milliseconds)
            && milliseconds <= TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond;
        duration = isOne ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.Zero;
        return isOne;
    }

    /// <summary>1 to so many small letters, digits and hyphens.</summary>
    public string Word(ConfigurationKey key, int maxLength)
    {
        string text = Text(key);
        if (text.Length == 0 || text.Length > maxLength || !text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            Refuse(key);
        }

        return text;
    }

    public string OneOf(ConfigurationKey key, params string[] words)
    {
        string text = Text(key).ToLowerInvariant();
        if (words.Contains(text))
        {
            return text;
        }

        Refuse(key);
        return words[0];
    }

    /// <summary>Null: off, where that is allowed.</summary>
    public IPEndPoint? Listener(ConfigurationKey key, bool mayBeOff, bool insecure)
    {
        string text = Text(key);
        if (mayBeOff && text == "off")
        {
            return null;
        }

        text = text.Replace("localhost", "127.0.0.1", StringComparison.OrdinalIgnoreCase);
        if (!HasPort(text) || !IPEndPoint.TryParse(text, out IPEndPoint? endpoint))
        {
            Refuse(key);
            return null;
        }

        if (!IPAddress.IsLoopback(endpoint.Address) && !insecure)
        {
            Refuse(key, "a loopback address: beyond it a listener wants TLS, which this version does not have, and authentication, which only the tables "
                + "door has (tables.accessKeys). Behind a firewall, say insecure (--insecure) in so many words");
        }

        return endpoint;
    }

    public List<AccessKey> AccessKeys(ConfigurationKey key)
    {
        List<AccessKey> keys = [];
        foreach (string part in Text(key).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (AccessKey.TryParse(part) is { } accessKey && !keys.Exists(known => known.Id == accessKey.Id))
            {
                keys.Add(accessKey);
                continue;
            }

            Refuse(key, $"{key.Allowed}; \"{key.Shown(part)}\" is none");
        }

        return keys;
    }

    public List<Seed> Seeds(ConfigurationKey key)
    {
        List<Seed> seeds = [];
        foreach (string part in Text(key).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (TrySeed(part, out Seed? seed) && !seeds.Exists(s => s.Node == seed.Node))
            {
                seeds.Add(seed);
                continue;
            }

            Refuse(key, $"{key.Allowed}, each node once; \"{part}\" is none");
        }

        seeds.Sort((a, b) => a.Node.CompareTo(b.Node));
        return seeds;
    }

    private static bool TrySeed(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Seed? seed)
    {
        seed = null;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        if (at < 1 || colon < at + 2
            || !int.TryParse(text[..at], NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id is < 1 or > 65_535
            || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65_535)
        {
            return false;
        }

        string host = text[(at + 1)..colon].Trim('[', ']');
        seed = new Seed(new NodeId(id), host, port);
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }

    /// <summary>"127.0.0.1" alone would be read as port 0.</summary>
    private static bool HasPort(string text) =>
        text.LastIndexOf(':') is var colon and > 0
        && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 0 and <= 65_535
        && (text.IndexOf(':', StringComparison.Ordinal) == colon || text.Contains("]:", StringComparison.Ordinal));

    private static bool TryUnits(string text, ReadOnlySpan<(string Unit, long Factor)> units, out long value)
    {
        foreach ((string unit, long factor) in units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && long.TryParse(text[..^unit.Length].TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && number <= long.MaxValue / factor)
            {
                value = number * factor;
                return true;
            }
        }

        value = 0;
        return false;
    }
}

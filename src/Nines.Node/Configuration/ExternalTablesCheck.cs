using Nines.Tables.Protocol.Signatures;
using static Nines.Node.Configuration.ConfigurationKeys;

namespace Nines.Node.Configuration;

/// <summary>Reads who keeps the tables. A key that would have no effect is refused: whoever gave it believes it has one.</summary>
internal static class ExternalTablesCheck
{
    private const string OnlyExternal = "no value unless tables.engine is dynamodb";

    private const string OnlyEmbedded = "false when tables.engine is dynamodb: that service holds tables to what it wants";

    /// <summary>Null: this cluster, or an error was noted.</summary>
    public static ExternalTables? Read(ConfigurationReader reader)
    {
        int errors = reader.ErrorCount;
        bool isExternal = reader.OneOf(TablesEngine, "embedded", "dynamodb") == "dynamodb";
        if (reader.ErrorCount > errors)
        {
            return null;
        }

        if (!isExternal)
        {
            RefuseValue(reader, TablesEndpoint);
            RefuseValue(reader, TablesExternalAccessKey);
            return null;
        }

        if (bool.TryParse(reader.Text(TablesEnforceThroughput), out bool isEnforced) && isEnforced)
        {
            reader.Refuse(TablesEnforceThroughput, OnlyEmbedded);
        }

        Uri? endpoint = Endpoint(reader);
        ServiceCredential? credential = Credential(reader);
        return endpoint is not null && credential is not null ? new ExternalTables(endpoint, credential) : null;
    }

    private static void RefuseValue(ConfigurationReader reader, ConfigurationKey key)
    {
        if (reader.Text(key).Length > 0)
        {
            reader.Refuse(key, OnlyExternal);
        }
    }

    private static Uri? Endpoint(ConfigurationReader reader)
    {
        if (TryEndpoint(reader.Text(TablesEndpoint)) is { } endpoint)
        {
            return endpoint;
        }

        reader.Refuse(TablesEndpoint);
        return null;
    }

    private static ServiceCredential? Credential(ConfigurationReader reader)
    {
        string text = reader.Text(TablesExternalAccessKey);
        ServiceCredential? credential = text.Length == 0 ? ServiceCredential.Local : ServiceCredential.TryParse(text);
        if (credential is null)
        {
            reader.Refuse(TablesExternalAccessKey);
        }

        return credential;
    }

    /// <summary>Null: not of the form that <c>tables.endpoint</c> wants.</summary>
    public static Uri? TryEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
        && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "", Host.Length: > 0 } && uri.Host.All(char.IsAscii)
            ? uri
            : null;
}

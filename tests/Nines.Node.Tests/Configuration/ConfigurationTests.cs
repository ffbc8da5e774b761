using System.Collections;
using System.Net;
using Nines.Kernel;
using Nines.Node.Configuration;
using Nines.Replication;

namespace Nines.Node.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_node_id_is_all_that_must_be_said()
    {
        NodeConfiguration node = Good(("node.id", "2"));
        Assert.Equal(new NodeId(2), node.Node);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:7000"), node.ListenPeer);
        Assert.Equal("http://127.0.0.1:8000", node.TablesUrl);
        Assert.Equal("http://127.0.0.1:9000", node.AdminUrl);
        Assert.Equal([new Seed(new NodeId(2), "127.0.0.1", 7000)], node.Seeds);
        Assert.Equal(ConfigurationCheck.FromName("nines"), node.Cluster);
        Assert.True(node is { DiskSync: true, Insecure: false, Ephemeral: false });
    }

    [Fact]
    public void The_file_gives_way_to_the_environment_and_both_to_flags()
    {
        File.WriteAllText(_file, """
            { // comments are allowed
              "node": { "id": 1 }, "listen": { "tables": "127.0.0.1:1", "admin": "127.0.0.1:2" }, "listen.peer": "127.0.0.1:3",
              "seeds": ["1@127.0.0.1:3", "2@10.0.0.2:7000"], "groups": 4,
            }
            """);
        ConfigurationSources sources = new ConfigurationSources().AddFile(_file)
            .AddEnvironment(new Hashtable { ["NINES_LISTEN_ADMIN"] = "off", ["NINES_GROUPS"] = "5", ["PATH"] = "x", ["NINES_ELSE"] = "y" })
            .AddFlag(ConfigurationKeys.Groups, "6");
        NodeConfiguration? node = ConfigurationCheck.Check(sources);
        Assert.Empty(sources.Errors);
        Assert.Equal((1, null, 6, 2), (node!.ListenTables!.Port, node.ListenAdmin, node.Groups, node.Seeds.Count));
        Assert.Equal("", node.AdminUrl);
        Assert.Equal("flag --groups", sources.Get(ConfigurationKeys.Groups).Origin);
        Assert.Contains("NINES_ELSE", Assert.Single(sources.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "no\ud800de": 1 }""")]
    [InlineData("""{ "data": "\udc00" }""")]
    [InlineData("""{ "data": """)]
    public void Text_that_is_no_json_or_no_unicode_is_an_error_like_others(string text)
    {
        ConfigurationSources sources = new ConfigurationSources().AddText(text, "file x");
        Assert.StartsWith("config: the file is not JSON", Assert.Single(sources.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_come_at_once_each_with_key_value_rule_and_origin()
    {
        File.WriteAllText(_file, """{ "node": { "id": "one" }, "gropus": 3, "listen": { "tables": "somewhere" } }""");
        ConfigurationSources sources = new ConfigurationSources().AddFile(_file)
            .AddEnvironment(new Hashtable { ["NINES_TIMEOUTS_ELECTION"] = "100ms" })
            .AddFlag(ConfigurationKeys.Replicas, "9");
        Assert.Null(ConfigurationCheck.Check(sources));
        Assert.Equal(
            ["gropus", "listen.tables", "node.id", "replicas", "timeouts.election"],
            sources.Errors.Select(e => e.Key).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(sources.Errors, e => e.ToString() ==
            "replicas: \"9\" is not allowed; expected a number from 1 to 7 (flag --replicas)");
        Assert.Contains(sources.Errors, e => e.ToString().Contains("environment NINES_TIMEOUTS_ELECTION", StringComparison.Ordinal));
        Assert.Contains(sources.Errors, e => e.ToString().Contains($"file {_file}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("node.id", "0")]
    [InlineData("node.id", "")]
    [InlineData("cluster.name", "My Cluster")]
    [InlineData("cluster.id", "abc")]
    [InlineData("data", " ")]
    [InlineData("seeds", "127.0.0.1:7000")]
    [InlineData("seeds", "2@127.0.0.1:7000")] // node 1 itself is missing
    [InlineData("seeds", "1@a:7000,1@b:7000")]
    [InlineData("seeds", "1@a:0")]
    [InlineData("listen.peer", "off")]
    [InlineData("listen.peer", "127.0.0.1")]
    [InlineData("listen.tables", "127.0.0.1:99999")]
    [InlineData("listen.admin", "127.0.0.1:8000")] // the tables door has it
    [InlineData("disk.sync", "false")]
    [InlineData("disk.reserve", "much")]
    [InlineData("limits.request", "1GiB")]
    [InlineData("limits.connections", "-1")]
    [InlineData("timeouts.heartbeat", "5")]
    [InlineData("timeouts.heartbeat", "200ms")] // the election time-out is below three of it
    [InlineData("deadlines.request", "1h")]
    [InlineData("log.level", "loud")]
    [InlineData("ephemeral", "yes")]
    public void A_value_that_is_not_allowed_names_its_key(string key, string value)
    {
        ConfigurationSources sources = Sources(("node.id", "1"), (key, value));
        Assert.Null(ConfigurationCheck.Check(sources));
        string expected = (key, value) == ("timeouts.heartbeat", "200ms") ? "timeouts.election" : key;
        Assert.Contains(sources.Errors, e => e.Key == expected && e.Given == sources.Get(ConfigurationKeys.Find(expected)!).Text);
    }

    [Theory]
    [InlineData("listen.peer", "0.0.0.0:7000")]
    [InlineData("listen.tables", "192.168.1.1:8000")]
    [InlineData("listen.admin", "[::]:9000")]
    public void A_listener_beyond_loopback_wants_to_be_allowed_in_so_many_words(string key, string value)
    {
        ConfigurationSources refused = Sources(("node.id", "1"), (key, value));
        Assert.Null(ConfigurationCheck.Check(refused));
        Assert.Contains("--insecure", Assert.Single(refused.Errors).Allowed, StringComparison.Ordinal);
        Assert.True(Good(("node.id", "1"), (key, value), ("insecure", "true")).Insecure);
    }

    [Fact]
    public void Access_keys_are_a_list_and_their_secrets_are_never_shown()
    {
        ConfigurationKey key = ConfigurationKeys.TablesAccessKeys;
        const string Json = """{ "node.id": 1, "tables": { "accessKeys": ["a:0123456789abcdef", "b:fedcba9876543210"] } }""";
        ConfigurationSources sources = new ConfigurationSources().AddText(Json, "file x");
        NodeConfiguration node = ConfigurationCheck.Check(sources)!;
        Assert.Equal([("a", "0123456789abcdef"), ("b", "fedcba9876543210")], node.TablesAccessKeys.Select(k => (k.Id, k.Secret)));
        Assert.Equal("a:***,b:***", key.Shown(sources.Get(key).Text));
        Assert.DoesNotContain("0123456789abcdef", node.ToString(), StringComparison.Ordinal);
        Assert.Empty(Good(("node.id", "1")).TablesAccessKeys);
    }

    [Theory]
    [InlineData("a:***")] // what is shown is no configuration that anybody could use by mistake
    [InlineData("a:secret")]
    [InlineData("0123456789abcdef-without-an-id")]
    [InlineData("a:0123456789abcdef,a:0123456789abcdee")]
    [InlineData("a/b:0123456789abcdef")]
    public void Access_keys_that_are_none_are_refused_without_their_secrets(string value)
    {
        ConfigurationSources sources = Sources(("node.id", "1"), ("tables.accessKeys", value));
        Assert.Null(ConfigurationCheck.Check(sources));
        string said = Assert.Single(sources.Errors).ToString();
        Assert.StartsWith("tables.accessKeys: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("cdef", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_are_kept_here_unless_another_service_is_named()
    {
        NodeConfiguration node = Good(("node.id", "1"));
        Assert.Equal((null, "us-east-1"), (node.ExternalTables, node.TablesRegion));
        node = Good(("node.id", "1"), ("tables.engine", "dynamodb"), ("tables.endpoint", "http://localhost:8000"));
        Assert.Equal(new Uri("http://localhost:8000"), node.ExternalTables!.Endpoint);
        Assert.Equal(("local", ""), (node.ExternalTables.Credential.Id, node.ExternalTables.Credential.Token));
    }

    [Fact]
    public void Throughput_is_enforced_when_asked_for_and_only_where_the_tables_are()
    {
        Assert.False(Good(("node.id", "1")).EnforceThroughput);
        Assert.True(Good(("node.id", "1"), ("tables.enforceThroughput", "true")).EnforceThroughput);
        ConfigurationSources sources = Sources(
            ("node.id", "1"), ("tables.engine", "dynamodb"), ("tables.endpoint", "http://localhost:8000"), ("tables.enforceThroughput", "true"));
        Assert.Null(ConfigurationCheck.Check(sources));
        Assert.StartsWith("tables.enforceThroughput: ", Assert.Single(sources.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_of_another_service_is_never_shown()
    {
        ConfigurationSources sources = Sources(
            ("node.id", "1"), ("tables.engine", "dynamodb"), ("tables.endpoint", "https://dynamodb.eu-west-1.amazonaws.com"),
            ("tables.region", "eu-west-1"), ("tables.externalAccessKey", "ASIA1:a/secret:the-token"));
        NodeConfiguration node = ConfigurationCheck.Check(sources)!;
        Assert.Equal(("a/secret", "the-token", "eu-west-1"), (node.ExternalTables!.Credential.Secret, node.ExternalTables.Credential.Token, node.TablesRegion));
        Assert.Empty(sources.Warnings);
        Assert.DoesNotContain("secret", node.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            "ASIA1:***", ConfigurationKeys.TablesExternalAccessKey.Shown(sources.Get(ConfigurationKeys.TablesExternalAccessKey).Text));
    }

    [Theory]
    [InlineData("tables.engine", "other", "", "", "expected embedded or dynamodb")]
    [InlineData("tables.endpoint", "dynamodb", "", "", "tables.endpoint: is missing; expected http:// or https://")]
    [InlineData("tables.endpoint", "dynamodb", "127.0.0.1:8000", "", "expected http:// or https://")]
    [InlineData("tables.endpoint", "dynamodb", "ftp://127.0.0.1", "", "expected http:// or https://")]
    [InlineData("tables.endpoint", "dynamodb", "http://127.0.0.1/path", "", "expected http:// or https://")]
    [InlineData("tables.endpoint", "dynamodb", "http://127.0.0.1?query", "", "expected http:// or https://")]
    [InlineData("tables.endpoint", "dynamodb", "http://me:mine@127.0.0.1", "", "expected http:// or https://")]
    [InlineData("tables.endpoint", "embedded", "http://127.0.0.1:8000", "", "expected no value unless tables.engine is dynamodb")]
    [InlineData("tables.externalAccessKey", "embedded", "", "id:hidden", "expected no value unless tables.engine is dynamodb")]
    [InlineData("tables.externalAccessKey", "dynamodb", "http://127.0.0.1:8000", "id:hidden:hidden:hidden", "expected ID:SECRET")]
    [InlineData("tables.externalAccessKey", "dynamodb", "http://127.0.0.1:8000", "id:***", "expected ID:SECRET")]
    [InlineData("tables.externalAccessKey", "dynamodb", "http://127.0.0.1:8000", "hidden", "expected ID:SECRET")]
    public void What_makes_no_sense_of_another_service_is_refused_by_its_key(string key, string engine, string endpoint, string credential, string says)
    {
        ConfigurationSources sources = Sources(
            ("node.id", "1"), ("tables.engine", engine), ("tables.endpoint", endpoint), ("tables.externalAccessKey", credential));
        Assert.Null(ConfigurationCheck.Check(sources));
        string said = Assert.Single(sources.Errors).ToString();
        Assert.StartsWith(key + ": ", said, StringComparison.Ordinal);
        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Weak_reads_are_aged_as_a_rule_says()
    {
        Assert.Null(Good(("node.id", "1")).TablesStaleness);
        Assert.Equal(new AgingRule(Aging.None, TimeSpan.Zero, 0), Aged("none"));
        Assert.Equal(new AgingRule(Aging.Fixed, TimeSpan.FromMilliseconds(300), 0), Aged("fixed:300ms"));
        Assert.Equal(new AgingRule(Aging.Seeded, TimeSpan.FromSeconds(2), 7), Aged("seeded:7:2s"));
        AgingRule? Aged(string text) => Good(("node.id", "1"), ("ephemeral", "true"), ("tables.staleness", text)).TablesStaleness;
    }

    [Theory]
    [InlineData("fixed", "true", "embedded", "expected none, fixed:DURATION")]
    [InlineData("fixed:0ms", "true", "embedded", "expected none, fixed:DURATION")]
    [InlineData("fixed:11s", "true", "embedded", "expected none, fixed:DURATION")]
    [InlineData("seeded:x:1s", "true", "embedded", "expected none, fixed:DURATION")]
    [InlineData("none:1s", "true", "embedded", "expected none, fixed:DURATION")]
    [InlineData("none", "false", "embedded", "only together with ephemeral")]
    [InlineData("none", "true", "dynamodb", "expected no value when tables.engine is dynamodb")]
    public void What_makes_no_sense_of_aging_is_refused(string rule, string ephemeral, string engine, string says)
    {
        ConfigurationSources sources = Sources(
            ("node.id", "1"), ("ephemeral", ephemeral), ("tables.staleness", rule), ("tables.engine", engine),
            ("tables.endpoint", engine == "dynamodb" ? "http://127.0.0.1:8000" : ""));
        Assert.Null(ConfigurationCheck.Check(sources));
        Assert.Contains(says, Assert.Single(sources.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Items_that_cross_a_network_in_clear_are_warned_of()
    {
        ConfigurationSources sources = Sources(("node.id", "1"), ("tables.engine", "dynamodb"), ("tables.endpoint", "http://db.example:8000"));
        Assert.NotNull(ConfigurationCheck.Check(sources));
        Assert.Contains("tables.endpoint is http://db.example:8000", Assert.Single(sources.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_under_a_misspelled_name_is_not_shown_either()
    {
        ConfigurationSources sources = new ConfigurationSources().AddText("""{ "tables": { "acessKeys": ["a:0123456789abcdef"] } }""", "file x");
        Assert.StartsWith(
            "tables.acessKeys: \"tables.acessKeys\" is not allowed; expected one of these keys: node.id,", Assert.Single(sources.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_said_twice_is_not_shown_either()
    {
        const string Json = """{ "node.id": 1, "tables.accessKeys": "a:0123456789abcdef", "tables": { "accessKeys": ["a:0123456789abcdef"] } }""";
        ConfigurationSources sources = new ConfigurationSources().AddText(Json, "file x");
        Assert.DoesNotContain("cdef", Assert.Single(sources.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0:8000", "", true)]
    [InlineData("0.0.0.0:8000", "a:0123456789abcdef", false)]
    [InlineData("127.0.0.1:8000", "", false)]
    [InlineData("off", "", false)]
    public void A_door_that_is_open_to_the_network_is_warned_of(string listen, string keys, bool isWarned)
    {
        ConfigurationSources sources = Sources(("node.id", "1"), ("listen.tables", listen), ("tables.accessKeys", keys), ("insecure", "true"));
        Assert.NotNull(ConfigurationCheck.Check(sources));
        Assert.Equal(isWarned, sources.Warnings.Exists(w => w.Contains("tables.accessKeys", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_node_that_listens_everywhere_is_reached_where_its_peers_reach_it()
    {
        NodeConfiguration node = Good(
            ("node.id", "1"), ("seeds", "1@db1.example:7000"), ("listen.admin", "0.0.0.0:9000"), ("insecure", "true"));
        Assert.Equal("http://db1.example:9000", node.AdminUrl);
    }

    [Fact]
    public void Only_throw_away_data_may_go_without_flushes() =>
        Assert.False(Good(("node.id", "1"), ("ephemeral", "true"), ("disk.sync", "false")).DiskSync);

    [Fact]
    public void Names_of_keys_variables_and_flags_follow_from_each_other()
    {
        Assert.Equal("NINES_TIMEOUTS_HEARTBEAT", ConfigurationKeys.Heartbeat.EnvironmentName);
        Assert.Equal("--limits-in-flight", ConfigurationKeys.LimitInFlight.FlagName);
        Assert.Equal(ConfigurationKeys.All.Count, ConfigurationKeys.All.Select(k => k.EnvironmentName).Distinct().Count());
    }

    [Fact]
    public void A_file_that_is_no_json_is_an_error_and_not_a_crash()
    {
        File.WriteAllText(_file, "node.id = 1");
        ConfigurationSources sources = new ConfigurationSources().AddFile(_file).AddFile("/no/such/file");
        Assert.Equal(2, sources.Errors.Count);
    }

    private static NodeConfiguration Good(params (string Key, string Value)[] values)
    {
        ConfigurationSources sources = Sources(values);
        NodeConfiguration? node = ConfigurationCheck.Check(sources);
        Assert.Empty(sources.Errors);
        return node!;
    }

    private static ConfigurationSources Sources(params (string Key, string Value)[] values)
    {
        var sources = new ConfigurationSources();
        foreach ((string key, string value) in values)
        {
            sources.AddFlag(ConfigurationKeys.Find(key)!, value);
        }

        return sources;
    }
}

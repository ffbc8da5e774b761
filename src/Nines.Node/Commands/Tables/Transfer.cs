using System.Text.Json;
using Spectre.Console;

namespace Nines.Node.Commands.Tables;

/// <summary>How much an export or import has moved, shown while it runs and at its end.</summary>
internal sealed class Transfer(Terminal terminal)
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(200);

    private readonly long _start = terminal.Time.GetTimestamp();
    private long _items;
    private long _bytes;

    public long Items => Interlocked.Read(ref _items);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many bytes there are in all; 0 when nobody knows.</summary>
    public long BytesInAll { get; set; }

    public double Seconds => terminal.Time.GetElapsedTime(_start).TotalSeconds;

    public void AddItems(long items) => Interlocked.Add(ref _items, items);

    public void AddBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>"1,200 items, 3.4 MiB in 2.1 s, 571 items/s".</summary>
    public string Text()
    {
        double seconds = Seconds;
        string rate = seconds >= 0.1 ? $", {Items / seconds:N0} items/s" : "";
        return $"{Items:N0} items, {Output.Bytes(Bytes)} in {seconds:0.0} s{rate}";
    }

    /// <summary>Does the work; on a terminal, progress is drawn on standard error meanwhile.</summary>
    public async Task RunAsync(string what, Func<Task> work)
    {
        if (!terminal.IsErrorTerminal)
        {
            await work();
            return;
        }

        ProgressColumn[] columns = BytesInAll > 0
            ? [new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn()]
            : [new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }];
        await terminal.Errors.Progress().AutoClear(true).Columns(columns).StartAsync(async progress =>
        {
            ProgressTask shown = progress.AddTask(Markup.Escape(what), maxValue: Math.Max(BytesInAll, 1));
            Task running = work();
            while (await Task.WhenAny(running, Task.Delay(RedrawEvery)) != running)
            {
                shown.Description = Markup.Escape($"{what}: {Text()}");
                shown.Value = BytesInAll > 0 ? Math.Min(Bytes, BytesInAll) : 0;
            }

            await running;
        });
    }

    /// <summary>The end, to a person on standard error or to a script as one line of JSON.</summary>
    /// <param name="more">Further members of the line.</param>
    public void Report(string sentence, bool json, TextWriter jsonTo, params (string Name, object Value)[] more)
    {
        if (!json)
        {
            terminal.Note($"{sentence}: {Text()}");
            return;
        }

        jsonTo.WriteLine(System.Text.Encoding.UTF8.GetString(ItemJson.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("items", Items);
            writer.WriteNumber("bytes", Bytes);
            writer.WriteNumber("seconds", Math.Round(Seconds, 3));
            foreach ((string name, object value) in more)
            {
                writer.WritePropertyName(name);
                JsonSerializer.Serialize(writer, value, ItemJson.Relaxed);
            }

            writer.WriteEndObject();
        })));
    }
}

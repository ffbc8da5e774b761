using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// Everything runs in this process: what is measured is exactly what this repository built, with its settings, and nothing is
// built or restored while benchmarks run.
// --smoke runs everything once, --short three times; BenchmarkDotNet's own --job would add a job that builds.
const string Smoke = "--smoke";
const string Short = "--short";
bool smoke = args.Contains(Smoke);
Job job = smoke ? Job.Dry : args.Contains(Short) ? Job.ShortRun : Job.Default;
IConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .HideColumns(Column.Job, Column.Toolchain, Column.Error);

string[] given = [.. args.Where(argument => argument is not (Smoke or Short))];
if (smoke && given.Length == 0)
{
    given = ["--filter", "*"];
}

Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(given, config)];
bool isGood = summaries.Length > 0
    && Array.TrueForAll(summaries, s => !s.HasCriticalValidationErrors && s.Reports.All(report => report.Success));
return isGood || given.Contains("--list") || given.Contains("--help") ? 0 : 1;

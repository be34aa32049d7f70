/**
 * `npm test`: everything, fast checks first; the last line counts. `--fast` leaves out the tests
 * against other programs, `--long` (or ENTREPOT_TEST_LONG=1) takes the long seeds too; other
 * arguments go to vitest as filters, and the checks are left out then.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = dirname(import.meta.dirname);
const bin = (name: string) => join(root, "node_modules/.bin", name);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

/** Runs a program with our output; its exit code, or 1 if a signal ended it. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env });
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    process.on("SIGTERM", pass);
    child.on("error", fail);
    child.on("exit", (code) => {
      process.off("SIGTERM", pass);
      done(code ?? 1);
    });
  });
}

/** One check, which counts as one test. */
async function check(name: string, command: string, args: readonly string[]): Promise<void> {
  const started = performance.now();
  const code = await run(bin(command), args, process.env);
  count(name, { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }, started);
}

/** What runs beside the longest check, one after the other. */
async function otherChecks(): Promise<void> {
  await check("types of the portal", "tsc", ["-p", "apps/portal"]);
  await check("lint", "oxlint", ["--quiet"]);
  await check("format", "oxfmt", ["--check"]);
  await check("unused code", "knip", ["--no-config-hints"]);
}

function count(name: string, counts: Counts, started: number): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) failures.push(name);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${counts.failed === 0 ? "ok  " : "FAIL"} ${name}: ${line(counts)} (${seconds} s)`);
}

function line({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Two files at least: alone, one waits for most of its time, and vitest leaves a core free. */
const AT_ONCE = [`--maxWorkers=${Math.min(4, Math.max(2, availableParallelism()))}`];

/** Modules are loaded once for all files of a worker, not for each: a fifth of the time. */
const TOGETHER = "--no-isolate";

/** What a busy machine was too slow for is tried once more; what is wrong fails twice. */
const ONCE_MORE = ["--passWithNoTests", "--retry=1"];

/** One run of vitest: streams its output, counts from its JSON report. */
async function vitest(name: string, args: readonly string[], long: boolean): Promise<void> {
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "entrepot-test-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const env = { ...process.env, ...(long ? { ENTREPOT_TEST_LONG: "1" } : {}) };
    const code = await run(bin("vitest"), ["run", ...ONCE_MORE, ...reporters, ...args], env);
    count(name, await countsOf(report, code), started);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file that failed before its first test counts as one failure, and so does a failed run. */
async function countsOf(path: string, code: number): Promise<Counts> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const report = JSON.parse(text);
  const broken = report.testResults.filter(
    (file: { status: string; assertionResults: { status: string }[] }) =>
      file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"),
  ).length;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { fast: { type: "boolean" }, long: { type: "boolean" } },
    allowPositionals: true,
  });
  const long = values.long === true || process.env["ENTREPOT_TEST_LONG"] === "1";
  process.on("SIGINT", () => process.exit(130));
  if (positionals.length > 0) {
    await vitest(positionals.join(" "), [...positionals, "--no-file-parallelism"], long);
  } else {
    await Promise.all([check("types", "tsc", ["-p", "."]), otherChecks()]);
    await vitest("house rules", ["tools"], long);
    await vitest("packages and apps", ["packages", "apps", TOGETHER, ...AT_ONCE], long);
    const apart = ["--exclude=tests/interop/**", "--exclude=tests/portal/**"];
    await vitest("registry", ["tests", TOGETHER, ...apart, ...AT_ONCE], long);
    await vitest("portal", ["tests/portal", TOGETHER, ...AT_ONCE], long);
    // Real servers, several for each file.
    const interop = ["tests/interop", TOGETHER, ...AT_ONCE];
    if (values.fast !== true) await vitest("interop", interop, long);
  }
  if (failures.length > 0) console.log(`failed: ${failures.join(", ")}`);
  console.log(line(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

await main();

/** `npm run bench`: Entrepot and other registries side by side; `--help` lists the options. */
import { readFile, writeFile } from "node:fs/promises";
import type { Bench, Scenario } from "./bench.ts";
import { openCleanup } from "./cleanup.ts";
import { findPrograms, machineLine } from "./machine.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { withSection } from "./readme.ts";
import { arrival } from "./scenarios/arrival.ts";
import { backup } from "./scenarios/backup.ts";
import { manifestGet } from "./scenarios/manifest-get.ts";
import { memory } from "./scenarios/memory.ts";
import { pull } from "./scenarios/pull.ts";
import { push } from "./scenarios/push.ts";
import { recovery } from "./scenarios/recovery.ts";
import { replication } from "./scenarios/replication.ts";
import { restore } from "./scenarios/restore.ts";
import { shapes } from "./scenarios/shapes.ts";
import { tableOf } from "./table.ts";

const SCENARIOS: readonly Scenario[] = [
  manifestGet,
  push,
  pull,
  memory,
  replication,
  shapes,
  arrival,
  backup,
  recovery,
  restore,
];
const NAMES = SCENARIOS.map(({ name }) => name);
const README = new URL("README.md", import.meta.url);
/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

const options = optionsOrExit();
const cleanup = openCleanup();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupted);
const bench: Bench = {
  ...options,
  cleanup,
  programs: findPrograms(),
  nodeFlags: (process.env["BENCH_NODE_FLAGS"] ?? "").split(" ").filter(Boolean),
  say: (line) => console.error(line),
};

let stopping = false;

try {
  sayWhatIsMissing();
  const chosen = options.only.length === 0 ? NAMES : options.only;
  for (const scenario of SCENARIOS) if (chosen.includes(scenario.name)) await runOne(scenario);
} catch (error) {
  // When we stop, what was started breaks off in every way there is.
  if (!stopping) throw error;
} finally {
  await cleanup.all();
}

async function runOne(scenario: Scenario): Promise<void> {
  const figures = await scenario.run(bench);
  const rounds = bench.rounds === 1 ? "1 round" : `${bench.rounds} rounds`;
  const measured = `${machineLine(bench.programs)}; ${rounds}.`;
  const section = `\n${scenario.about(bench)}\n\n${tableOf(figures)}\n\nMeasured ${measured}\n`;
  console.log(`\n${scenario.name}\n${section}`);
  if (options.quick) return;
  await writeFile(README, withSection(await readFile(README, "utf8"), scenario.name, section));
}

function sayWhatIsMissing(): void {
  const { dockerRegistry, skopeo, wrk, curl } = bench.programs;
  if (!dockerRegistry) bench.say("docker-registry is not installed: Entrepot is measured alone");
  if (!skopeo) bench.say("skopeo is not installed: replication is compared with nothing");
  if (!wrk) bench.say("wrk is not installed: our own generator asks for manifests");
  if (!curl) bench.say("curl is not installed: our own client pulls blobs");
}

function optionsOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2), NAMES);
    if (!read.help) return read;
    process.stdout.write(helpText(NAMES));
    process.exit(0);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exit(2);
  }
}

function interrupted(): void {
  if (stopping) return;
  stopping = true;
  bench.say("bench: stopping what was started");
  cleanup.all().finally(() => process.exit(INTERRUPTED));
}

import type { Drill } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { formatBytes } from "../format.ts";
import { wholeNumber, withExample } from "../options.ts";
import type { View } from "../output.ts";
import { until } from "../until.ts";
import { printable } from "../printable.ts";
import { backupTargetNamed } from "./backup-target.ts";

const MOST_PROBLEMS = 100;

const drillView: View<Drill> = {
  name: (drill) => String(drill.id),
  columns: ({ time }) => [
    { title: "ID", value: (drill) => String(drill.id), align: "right" },
    { title: "STATUS", value: (drill) => drill.status },
    { title: "STARTED", value: (drill) => time(drill.start_time) },
    { title: "RECOVERY", value: ({ report }) => secondsOf(report?.recovery_seconds) },
    { title: "LOSS", value: ({ report }) => secondsOf(report?.loss_seconds) },
    { title: "TAGS", value: ({ report }) => String(report?.tags ?? ""), align: "right" },
    { title: "PROBLEMS", value: ({ report }) => String(report?.problem_count ?? "") },
    { title: "TEXT", value: (drill) => drill.status_text },
  ],
};

/** Adds `drill`. */
export function addDrill(program: Command, cli: Cli): void {
  const drill = program
    .command("drill")
    .description("Trial restores, which prove that a backup comes back, and how fast.");
  const run = drill
    .command("run")
    .description("Restores the newest backup into a scratch place, tries it and throws it away.")
    .requiredOption("--target <target>", "the backup target's name or id")
    .option(
      "--percent <n>",
      "compute the digests of so many percent of the blobs",
      wholeNumber,
      100,
    )
    .option("--samples <n>", "pull so many tags", wholeNumber, 20)
    .option("--wait", "wait until it has ended and print its report; fails if it fails")
    .action(action(cli, runDrill));
  withExample(run, "$ entrepot drill run --target vault --wait");

  const list = drill
    .command("list")
    .description("Lists the drills of a target, newest first.")
    .requiredOption("--target <target>", "the backup target's name or id")
    .action(
      action(cli, async (call, options: { target: string }) => {
        const { id } = await backupTargetNamed(call, options.target);
        const { body } = await call.api.drills.list({ params: { id } });
        await call.list(each(body), drillView, 0);
      }),
    );
  withExample(list, "$ entrepot drill list --target vault");

  const show = drill
    .command("show")
    .description("Prints the report of a drill; of the newest, if no id is given.")
    .argument("[id]", "the drill's id", wholeNumber)
    .requiredOption("--target <target>", "the backup target's name or id")
    .action(
      action(cli, async (call, given: number | undefined, options: { target: string }) => {
        const { id } = await backupTargetNamed(call, options.target);
        showDrill(call, await drillOf(call, id, given));
      }),
    );
  withExample(show, "$ entrepot drill show --target vault");
}

interface RunOptions {
  readonly target: string;
  readonly percent: number;
  readonly samples: number;
  readonly wait?: boolean;
}

async function runDrill(call: Call, options: RunOptions): Promise<void> {
  if (options.percent > 100) throw usageError("give --percent from 0 to 100");
  const { id } = await backupTargetNamed(call, options.target);
  const body = { share: options.percent / 100, samples: options.samples };
  const { created } = await call.api.drills.run({ params: { id }, body });
  const read = () => drillOf(call, id, Number(created));
  if (!options.wait) return await call.done(`Started drill ${created}.`, { read, view: drillView });
  const end = await until(call, read, ({ status }) => status !== "Running");
  showDrill(call, end);
  if (end.status === "Success") return;
  const what = end.status === "Stopped" ? "was stopped" : "failed";
  throw new RegistryError("UNKNOWN", `drill ${created} ${what}: ${end.status_text}`);
}

async function drillOf(call: Call, id: number, given: number | undefined): Promise<Drill> {
  if (given !== undefined) {
    return (await call.api.drills.get({ params: { id, execution_id: given } })).body;
  }
  const { body } = await call.api.drills.list({ params: { id } });
  const [newest] = body;
  if (newest) return newest;
  throw new RegistryError("NOT_FOUND", "there has been no drill of this target yet");
}

function showDrill(call: Call, drill: Drill): void {
  const { report } = drill;
  if (call.form !== "table" || !report) return call.one(drill, drillView);
  const { verified, pulled } = report;
  const lines = [
    `Drill ${drill.id} of ${report.target}: ${drill.status}`,
    `  state     ${report.at ?? "none"}, journal seq ${report.seq ?? "none"}`,
    `  recovery  ${secondsOf(report.recovery_seconds) || "never answered"}`,
    `  loss      ${secondsOf(report.loss_seconds)} of changes; the state is ` +
      `${secondsOf(report.age_seconds)} old`,
    `  brought   ${report.tags} tags, ${report.manifests} manifests, ${report.blobs} blobs, ` +
      formatBytes(report.bytes),
    `  verified  ${verified.blobs} digests, ${formatBytes(verified.bytes)}`,
    `  pulled    ${pulled.images} images, ${formatBytes(pulled.bytes)}`,
    ...report.problems.slice(0, MOST_PROBLEMS).map((problem) => `  problem   ${problem}`),
  ];
  for (const line of lines) call.terminal.write(`${printable(line)}\n`);
}

function secondsOf(seconds: number | null | undefined): string {
  return seconds == null ? "" : `${seconds.toFixed(1)} s`;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

import type { BackupExecution, BackupSnapshot } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { counted, formatBytes } from "../format.ts";
import { wholeNumber, withExample, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { until } from "../until.ts";
import { printable } from "../printable.ts";
import { addBackupTarget, backupTargetNamed } from "./backup-target.ts";
import { sampleView } from "./storage-usage.ts";

const snapshotView: View<BackupSnapshot> = {
  name: (snapshot) => snapshot.id,
  columns: ({ time }) => [
    { title: "SNAPSHOT", value: (snapshot) => snapshot.id },
    { title: "FROM", value: (snapshot) => time(snapshot.from?.at ?? null) },
    { title: "TO", value: (snapshot) => time(snapshot.to?.at ?? null) },
    { title: "SEQ", value: (snapshot) => String(snapshot.to?.seq ?? ""), align: "right" },
    { title: "SEGMENTS", value: (snapshot) => String(snapshot.segments), align: "right" },
    { title: "BLOBS", value: (snapshot) => String(snapshot.blobs), align: "right" },
    { title: "SIZE", value: (snapshot) => formatBytes(snapshot.bytes), align: "right" },
    { title: "PROBLEM", value: (snapshot) => snapshot.problems[0] ?? "" },
  ],
};

const executionView: View<BackupExecution> = {
  name: (execution) => String(execution.id),
  columns: ({ time }) => [
    { title: "ID", value: (execution) => String(execution.id), align: "right" },
    { title: "STATUS", value: (execution) => execution.status },
    { title: "STARTED", value: (execution) => time(execution.start_time) },
    { title: "ENDED", value: (execution) => time(execution.end_time) },
    { title: "TEXT", value: (execution) => execution.status_text },
  ],
};

/** Adds `backup`. */
export function addBackup(program: Command, cli: Cli): void {
  const backup = program
    .command("backup")
    .description("Backups: where they go, running them, checking them.");
  addBackupTarget(backup, cli);
  addRun(backup, cli);
  addGrowth(backup, cli);
  addChecks(backup, cli);
  addConfirm(backup, cli);
}

interface RunOptions {
  readonly full?: boolean;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

function addRun(backup: Command, cli: Cli): void {
  const run = backup
    .command("run")
    .description("Backs up now: what has changed since the last time.")
    .argument("<target>", "its name or id")
    .option("--full", "begin with a new snapshot of all names")
    .option("--wait", "wait until it has ended; fails if it fails")
    .option("--dry-run", "only tell what would be written")
    .action(
      action(cli, async (call, name: string, options: RunOptions) => {
        const { id } = await backupTargetNamed(call, name);
        const body = { full: options.full === true, dry_run: options.dryRun === true };
        const { created } = await call.api.backups.run({ params: { id }, body });
        await started(call, id, Number(created), options.wait === true || body.dry_run);
      }),
    );
  withExample(run, "$ entrepot backup run vault --wait");

  const list = backup
    .command("list")
    .description("Lists what a target holds, oldest first.")
    .argument("<target>", "its name or id")
    .action(
      action(cli, async (call, name: string) => {
        const { id } = await backupTargetNamed(call, name);
        const { body } = await call.api.backups.snapshots({ params: { id } });
        await call.list(each(body), snapshotView, 0);
      }),
    );
  withExample(list, "$ entrepot backup list vault");
}

function addGrowth(backup: Command, cli: Cli): void {
  const growth = backup
    .command("growth")
    .description("Shows what a target held, day by day.")
    .argument("<target>", "its name or id")
    .option("--days <n>", "of so many days", wholeNumber, 30)
    .action(
      action(cli, async (call, name: string, { days }: { days: number }) => {
        const { id } = await backupTargetNamed(call, name);
        const { body } = await call.api.backups.growth({ params: { id }, query: { days } });
        await call.list(each(body), sampleView, 0);
      }),
    );
  withExample(growth, "$ entrepot backup growth vault --days 90");
}

function addChecks(backup: Command, cli: Cli): void {
  const verify = backup
    .command("verify")
    .description("Checks a target: every checksum, and the digest of every blob.")
    .argument("<target>", "its name or id")
    .option("--percent <n>", "read only so many percent of the blobs", wholeNumber, 100)
    .action(
      action(cli, async (call, name: string, options: { percent: number }) => {
        if (options.percent > 100) throw usageError("give --percent from 0 to 100");
        const { id } = await backupTargetNamed(call, name);
        const body = { share: options.percent / 100 };
        const { created } = await call.api.backups.verify({ params: { id }, body });
        await started(call, id, Number(created), true);
      }),
    );
  withExample(verify, "$ entrepot backup verify vault --percent 10");

  const prune = withYes(
    backup.command("prune").description("Removes snapshots that a target's settings do not keep."),
  )
    .argument("<target>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: { yes?: boolean }) => {
        const { id } = await backupTargetNamed(call, name);
        const { body: plan } = await call.api.backups.prunePlan({ params: { id } });
        if (plan.removed.length === 0) {
          return await call.done(
            `Nothing to remove: what stays is ${counted(plan.kept.length, "snapshot")}.`,
          );
        }
        for (const one of plan.removed) call.terminal.note(`removes ${one.id}, up to ${one.at}`);
        const removed = counted(plan.removed.length, "snapshot");
        const question = `Remove ${removed}, and keep ${plan.kept.length}?`;
        await call.confirm(question, options.yes);
        const { created } = await call.api.backups.prune({ params: { id } });
        await started(call, id, Number(created), true);
      }),
    );
  withExample(prune, "$ entrepot backup prune vault");
}

function addConfirm(backup: Command, cli: Cli): void {
  const confirm = withYes(
    backup
      .command("confirm")
      .description("Switches on again what a restore from a backup has switched off."),
  ).action(
    action(cli, async (call, options: { yes?: boolean }) => {
      const { body } = await call.api.backups.restored();
      const off = [...body.policies, ...body.targets].join(", ") || "nothing";
      const whose =
        body.projects.length > 0
          ? `What came back in ${body.projects.join(", ")} goes elsewhere then.`
          : "The registry that was backed up must be gone.";
      const question = `Switch on ${off}? ${whose}`;
      await call.confirm(question, options.yes);
      await call.api.backups.confirm();
      await call.done(`Switched on: ${off}.`);
    }),
  );
  withExample(confirm, "$ entrepot backup confirm");
}

async function started(call: Call, id: number, execution: number, wait: boolean): Promise<void> {
  const params = { id, execution_id: execution };
  const read = async () => (await call.api.backups.execution({ params })).body;
  if (!wait) {
    return await call.done(`Started execution ${execution}.`, { read, view: executionView });
  }
  const end = await until(call, read, ({ status }) => status !== "Running");
  if (call.form === "table")
    for (const line of end.log) call.terminal.write(`${printable(line)}\n`);
  else call.one(end, executionView);
  if (end.status === "Success") return;
  const what = end.status === "Stopped" ? "was stopped" : "failed";
  throw new RegistryError("UNKNOWN", `execution ${execution} ${what}: ${end.status_text}`);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

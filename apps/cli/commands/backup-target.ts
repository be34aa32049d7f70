import type { BackupTarget, NewBackupTarget } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { repeated, wholeNumber, withExample, withYes } from "../options.ts";
import type { View } from "../output.ts";

const targetView: View<BackupTarget> = {
  name: (target) => target.name,
  columns: ({ time }) => [
    { title: "ID", value: (target) => String(target.id), align: "right" },
    { title: "NAME", value: (target) => target.name },
    { title: "ENABLED", value: (target) => (target.enabled ? "yes" : "no") },
    { title: "ADDRESS", value: (target) => target.address },
    { title: "HOLDS", value: (target) => target.scope.join(", ") || "everything" },
    { title: "CONTINUOUS", value: (target) => (target.continuous ? "yes" : "no") },
    { title: "SCHEDULE", value: (target) => target.cron },
    { title: "NEWEST", value: (target) => time(target.newest?.at ?? null) },
    { title: "BEHIND SINCE", value: (target) => time(target.behind_since) },
    { title: "ERROR", value: (target) => target.last_error },
  ],
};

/** What may be changed later, too. */
interface Settings {
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly continuous?: boolean;
  readonly bytesPerSecond?: number;
  readonly keepLast?: number;
  readonly keepDays?: number;
  readonly snapshotEveryDays?: number;
  readonly drillSchedule?: string;
  readonly description?: string;
}

interface CreateOptions extends Settings {
  readonly to: string;
  readonly recipient?: string[];
  readonly only?: string[];
}

interface UpdateOptions extends Settings {
  readonly name?: string;
  readonly enabled?: boolean;
}

/** Adds `target` to the command `backup`. */
export function addBackupTarget(backup: Command, cli: Cli): void {
  const target = backup.command("target").description("Where backups go.");
  addCreate(target, cli);
  addUpdate(target, cli);
  target
    .command("list")
    .description("Lists backup targets.")
    .action(action(cli, async (call) => call.list(listed(call), targetView, 0)));
  target
    .command("show")
    .description("Shows a backup target.")
    .argument("<target>", "its name or id")
    .action(
      action(cli, async (call, name: string) =>
        call.one(await backupTargetNamed(call, name), targetView),
      ),
    );
  withYes(target.command("delete").description("Forgets a backup target; what lies there stays."))
    .argument("<target>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: { yes?: boolean }) => {
        const { id, address } = await backupTargetNamed(call, name);
        const question = `Forget backup target ${name}? What lies at ${address} stays.`;
        await call.confirm(question, options.yes);
        await call.api.backups.delete({ params: { id } });
        await call.done(`Forgot backup target ${name}.`);
      }),
    );
}

/** The backup target that `text` names, by name or id. Throws NOT_FOUND. */
export async function backupTargetNamed(call: Call, text: string): Promise<BackupTarget> {
  let byId: BackupTarget | null = null;
  for await (const target of listed(call)) {
    if (target.name === text) return target;
    if (String(target.id) === text) byId = target;
  }
  if (byId) return byId;
  throw new RegistryError("NOT_FOUND", `there is no backup target '${text}'`);
}

function addCreate(target: Command, cli: Cli): void {
  const create = target
    .command("create")
    .description("Creates a place where backups go.")
    .argument("<name>")
    .requiredOption(
      "--to <address>",
      "file:/folder, s3:bucket/prefix or registry:endpoint/project/name",
    )
    .option("--recipient <key>", "encrypt for this public key of age; may be repeated", repeated)
    .option("--only <name>", "this project or repository alone; may be repeated", repeated)
    .option("--continuous", "follow every change within seconds");
  withSettings(create).action(
    action(cli, async (call, name: string, options: CreateOptions) => {
      await call.api.backups.create({ body: { ...NEW, ...createdBy(name, options) } });
      const after = { read: () => backupTargetNamed(call, name), view: targetView };
      await call.done(`Created backup target ${name}.`, after);
    }),
  );
  withExample(create, "$ entrepot backup target create vault --to file:/backup/vault --continuous");
}

function addUpdate(target: Command, cli: Cli): void {
  const update = target
    .command("update")
    .description("Changes a backup target; what is not given stays.")
    .argument("<target>", "its name or id")
    .option("--name <name>", "a new name")
    .option("--continuous", "follow every change within seconds")
    .option("--no-continuous", "run by schedule or by hand alone")
    .option("--enabled", "let it run again")
    .option("--no-enabled", "let it rest");
  withSettings(update).action(
    action(cli, async (call, text: string, options: UpdateOptions) => {
      const before = await backupTargetNamed(call, text);
      const { id } = before;
      const name = options.name ?? before.name;
      const enabled = options.enabled ?? before.enabled;
      const body = { ...before, ...changedBy(options), name, enabled };
      await call.api.backups.update({ params: { id }, body });
      const after = { read: () => backupTargetNamed(call, name), view: targetView };
      await call.done(`Changed backup target ${name}.`, after);
    }),
  );
  withExample(
    update,
    "$ entrepot backup target update vault --keep-last 10 --schedule '0 0 3 * * *'",
  );
}

function withSettings(command: Command): Command {
  return command
    .option("--schedule <cron>", "when to run, six fields: '0 0 3 * * *'")
    .option("--time-zone <zone>", "of the schedule; UTC if absent")
    .option("--bytes-per-second <n>", "no faster than this; 0 for no limit", wholeNumber)
    .option("--keep-last <n>", "keep the newest so many snapshots; 0 for all", wholeNumber)
    .option("--keep-days <n>", "keep snapshots of the last so many days; 0 for all", wholeNumber)
    .option("--snapshot-every-days <n>", "begin anew after so many days; 7", wholeNumber)
    .option("--drill-schedule <cron>", "when to try a restore, six fields")
    .option("--description <text>");
}

function listed(call: Call): AsyncIterable<BackupTarget> {
  return call.api.each(routes.backups.list, { query: {} });
}

/** What a new target has that says nothing else. */
const NEW: Omit<NewBackupTarget, "name" | "address" | "recipients" | "scope"> = {
  description: "",
  enabled: true,
  cron: "",
  time_zone: "UTC",
  continuous: false,
  bytes_per_second: 0,
  snapshot_every_days: 7,
  keep_last: null,
  keep_days: null,
  drill_cron: "",
};

function createdBy(name: string, { to, recipient = [], only = [], ...settings }: CreateOptions) {
  return { name, address: to, recipients: recipient, scope: only, ...changedBy(settings) };
}

/** What is given, as the API calls it. */
function changedBy(options: Settings): Partial<NewBackupTarget> {
  return {
    ...(options.description !== undefined && { description: options.description }),
    ...(options.schedule !== undefined && { cron: options.schedule }),
    ...(options.timeZone !== undefined && { time_zone: options.timeZone }),
    ...(options.continuous !== undefined && { continuous: options.continuous }),
    ...(options.bytesPerSecond !== undefined && { bytes_per_second: options.bytesPerSecond }),
    ...(options.snapshotEveryDays !== undefined && {
      snapshot_every_days: options.snapshotEveryDays,
    }),
    ...(options.keepLast !== undefined && { keep_last: options.keepLast || null }),
    ...(options.keepDays !== undefined && { keep_days: options.keepDays || null }),
    ...(options.drillSchedule !== undefined && { drill_cron: options.drillSchedule }),
  };
}

import type { NewPurgeSchedule, Purge } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { scheduleOf } from "../schedule.ts";
import { failureText, untilSuccess } from "../until.ts";

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24 };
const ALL = { said: "all", sent: "*" };

type Parameters = NonNullable<NewPurgeSchedule["parameters"]>;

interface What {
  readonly olderThan?: number;
  readonly types?: string;
}

interface RunOptions extends What {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const purgeView: View<Purge> = {
  name: ({ id }) => String(id),
  columns: ({ time }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "KIND", value: (one) => (asked(one).dry_run ? "dry run" : kindOf(one)) },
    { title: "STATUS", value: ({ job_status }) => job_status },
    { title: "STARTED", value: ({ creation_time }) => time(creation_time) },
    { title: "OLDER THAN", value: (one) => `${asked(one).audit_retention_hour} h` },
    { title: "TYPES", value: (one) => typesText(asked(one)) },
  ],
};

/** Adds `audit purge`: purges of the audit log, besides the one of every hour. */
export function addPurge(audit: Command, cli: Cli): void {
  const purge = audit
    .command("purge")
    .description("Purges of the audit log, besides what 'audit_retention_days' purges every hour.");
  addRun(purge, cli);
  addLists(purge, cli);
  addSchedule(purge, cli);
  addStop(purge, cli);
}

function addRun(purge: Command, cli: Cli): void {
  const run = withWhat(
    withYes(purge.command("run").description("Purges now. Counts first, and asks.")),
  )
    .option("--dry-run", "only count what would be purged")
    .action(
      action(cli, async (call, options: RunOptions) => {
        const parameters = parametersOf(options);
        if (!options.dryRun && !options.yes) {
          if (!call.terminal.canAsk) throw usageError("Purge the audit log? Say so with --yes");
          const dry = await ended(call, await start(call, { ...parameters, dry_run: true }));
          call.terminal.note(await resultOf(call, dry));
          await call.confirm("Purge the audit log now?", false);
        }
        const dry_run = options.dryRun === true;
        const done = await ended(call, await start(call, { ...parameters, dry_run }));
        await call.done(await resultOf(call, done), { read: async () => done, view: purgeView });
      }),
    );
  withExample(
    run,
    "$ entrepot audit purge run --older-than 30d --types login,pull_artifact --dry-run",
  );
}

async function start({ api }: Call, parameters: Parameters): Promise<number> {
  const { created } = await api.purges.start({
    body: { schedule: { type: "Manual" }, parameters },
  });
  return Number(created);
}

/** Waits for the end. Throws UNKNOWN if it failed or was stopped. Ctrl-C ends only the waiting. */
function ended(call: Call, purge_id: number): Promise<Purge> {
  const log = `entrepot audit purge log ${purge_id}`;
  return untilSuccess(
    call,
    async () => (await call.api.purges.get({ params: { purge_id } })).body,
    (one) => one.job_status,
    (one) => failureText(`purge ${purge_id}`, one.job_status, log),
  );
}

/** What its log says last: how many records. */
async function resultOf({ api }: Call, { id }: Purge): Promise<string> {
  const { body } = await api.purges.log({ params: { purge_id: id } });
  const last = body.trimEnd().split("\n").at(-1) ?? "";
  const counted = /\d+ records .*$/.exec(last)?.[0] ?? last;
  return `Purge ${id}: ${counted}.`;
}

function addLists(purge: Command, cli: Cli): void {
  const list = withLimit(
    purge.command("list").description("Lists purges, dry runs among them, newest first."),
  ).action(
    action(cli, async (call, { limit }: { limit: number }) => {
      await call.list(call.api.each(routes.purges.list, { query: {} }), purgeView, limit);
    }),
  );
  withExample(list, "$ entrepot audit purge list");

  const log = purge
    .command("log")
    .description("Shows the log of a purge.")
    .argument("<id>", "its id", wholeNumber)
    .action(
      action(cli, async (call, purge_id: number) => {
        call.terminal.write((await call.api.purges.log({ params: { purge_id } })).body);
      }),
    );
  withExample(log, "$ entrepot audit purge log 17");

  const types = purge
    .command("types")
    .description("Lists the types of records that the audit log has.")
    .action(
      action(cli, async (call) => {
        const { body } = await call.api.audit.events();
        await call.list(body, typeView, 0);
      }),
    );
  withExample(types, "$ entrepot audit purge types");
}

const typeView: View<{ event_type: string }> = {
  name: ({ event_type }) => event_type,
  columns: () => [{ title: "TYPE", value: ({ event_type }) => event_type }],
};

function addSchedule(purge: Command, cli: Cli): void {
  const schedule = withWhat(
    purge
      .command("schedule")
      .description("Shows when a purge runs by itself, or sets it.")
      .argument("[when]", "hourly, daily, weekly, none, or a cron of six fields"),
  ).action(
    action(cli, async (call, text: string | undefined, options: What) => {
      if (text !== undefined) {
        const when = scheduleOf(text);
        const parameters = when.type === "None" ? {} : { parameters: parametersOf(options) };
        await call.api.purges.setSchedule({ body: { schedule: when, ...parameters } });
      }
      const { body } = await call.api.purges.schedule();
      if (call.form === "json") return call.terminal.write(`${JSON.stringify(body, null, 2)}\n`);
      if (!("schedule" in body)) return call.terminal.write("No purge is scheduled.\n");
      const { type, cron, next_scheduled_time: next } = body.schedule;
      const parameters = asked(body as Purge);
      const older = parameters.audit_retention_hour;
      const what = `types ${typesText(parameters)}, older than ${older} h`;
      call.terminal.write(`${type} (${cron}), next ${call.format.time(next)}: ${what}\n`);
    }),
  );
  withExample(schedule, "$ entrepot audit purge schedule daily --older-than 90d --types login");
}

function addStop(purge: Command, cli: Cli): void {
  const stop = purge
    .command("stop")
    .description("Stops a purge; what it has purged stays so.")
    .argument("<id>", "its id", wholeNumber)
    .action(
      action(cli, async (call, purge_id: number) => {
        await call.api.purges.stop({ params: { purge_id } });
        await call.done(`Stopped purge ${purge_id}.`);
      }),
    );
  withExample(stop, "$ entrepot audit purge stop 17");
}

function withWhat(command: Command): Command {
  return command
    .option("--older-than <time>", "records older than this: 12h, 90d", hours)
    .option("--types <types>", "as 'entrepot audit purge types' has them: login,create_label; all");
}

function parametersOf({ olderThan, types }: What): Parameters {
  if (olderThan === undefined || types === undefined) {
    throw usageError("Say what is purged: --older-than 90d --types login,pull_artifact (or all).");
  }
  const include_event_types = types === ALL.said ? ALL.sent : types;
  return { audit_retention_hour: olderThan, include_event_types };
}

/** A length of time, `12h` or `90d`, in hours. Throws a usage error. */
function hours(text: string): number {
  const [, count, unit] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * HOURS[unit!]!;
  throw usageError("Give hours or days: 12h, 90d.");
}

function asked({ job_parameters }: Purge): Parameters {
  return JSON.parse(job_parameters) as Parameters;
}

function kindOf({ job_kind }: Purge): string {
  return job_kind === "SCHEDULE" ? "scheduled" : "manual";
}

function typesText({ include_event_types: types }: Parameters): string {
  if (types === ALL.sent) return ALL.said;
  return types === "" ? "none" : types;
}

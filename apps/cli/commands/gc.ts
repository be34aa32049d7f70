import type { GarbageCollection } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import { scheduleOf } from "../schedule.ts";
import { failureText, untilSuccess } from "../until.ts";
import { gcLines, gcView, heldView } from "./gc-view.ts";

const QUEUE = "GARBAGE_COLLECTION";

interface RunOptions {
  readonly dryRun?: boolean;
  readonly deleteUntagged?: boolean;
  readonly workers: number;
  readonly wait?: boolean;
  readonly yes?: boolean;
}

/** Adds `gc`: collecting garbage, when, and what is held by what. */
export function addGc(program: Command, cli: Cli): void {
  const gc = program
    .command("gc")
    .description("Garbage collection: frees what nothing names and no history needs.");
  addRun(gc, cli);
  addStatus(gc, cli);
  addHeld(gc, cli);
  addSchedule(gc, cli);
  addControl(gc, cli);
}

function addRun(gc: Command, cli: Cli): void {
  const run = withYes(
    gc
      .command("run")
      .description("Collects garbage now. Shows first what would be freed, and asks."),
  )
    .option("--dry-run", "only show what would be freed, and what is held by what")
    .option("--delete-untagged", "delete manifests without a tag first")
    .option("--workers <n>", "how hard it works, 1 to 10", wholeNumber, 1)
    .option("--wait", "wait until it has ended; fails if it fails")
    .action(
      action(cli, async (call, options: RunOptions) => {
        if (options.dryRun) return showEnd(call, await ended(call, await start(call, options)));
        if (!options.yes) {
          if (!call.terminal.canAsk) throw usageError("Collect garbage? Say so with --yes");
          const plan = await ended(call, await start(call, { ...options, dryRun: true }));
          for (const line of gcLines(plan, call.format)) call.terminal.note(line);
          await call.confirm("Collect garbage now?", false);
        }
        const id = await start(call, options);
        if (options.wait) return showEnd(call, await ended(call, id));
        const read = () => gcNamed(call, id);
        const text = `Started garbage collection ${id}; 'entrepot gc status ${id}' shows it.`;
        await call.done(text, { read, view: gcView });
      }),
    );
  withExample(run, "$ entrepot gc run --dry-run");
}

async function start({ api }: Call, { dryRun, deleteUntagged, workers }: RunOptions) {
  const schedule = { type: "Manual" as const };
  const parameters = {
    dry_run: dryRun === true,
    delete_untagged: deleteUntagged === true,
    workers,
  };
  return Number((await api.garbage.start({ body: { schedule, parameters } })).created);
}

/** Waits for the end. Throws UNKNOWN if it failed or was stopped. Ctrl-C ends only the waiting. */
function ended(call: Call, id: number): Promise<GarbageCollection> {
  return untilSuccess(
    call,
    () => gcNamed(call, id),
    (one) => one.job_status,
    (one) => failureText(`garbage collection ${id}`, one.job_status, `entrepot gc log ${id}`),
  );
}

function showEnd(call: Call, one: GarbageCollection): void {
  if (call.form !== "table") return call.one(one, gcView);
  for (const line of gcLines(one, call.format)) call.terminal.write(`${line}\n`);
}

async function gcNamed({ api }: Call, gc_id: number): Promise<GarbageCollection> {
  return (await api.garbage.get({ params: { gc_id } })).body;
}

async function newest({ api }: Call): Promise<GarbageCollection> {
  for await (const one of api.each(routes.garbage.list, { query: { page_size: 10 } })) {
    if (one.job_status === "Success") return one;
  }
  throw new RegistryError(
    "NOT_FOUND",
    "garbage was never collected; try 'entrepot gc run --dry-run'",
  );
}

function addStatus(gc: Command, cli: Cli): void {
  const status = withLimit(
    gc
      .command("status")
      .description("Shows garbage collections, newest first; or one of them in full.")
      .argument("[id]", "its id", wholeNumber),
  ).action(
    action(cli, async (call, id: number | undefined, { limit }: { limit: number }) => {
      if (id !== undefined) return call.one(await gcNamed(call, id), gcView);
      await call.list(call.api.each(routes.garbage.list, { query: {} }), gcView, limit);
    }),
  );
  withExample(status, "$ entrepot gc status");

  const log = gc
    .command("log")
    .description("Shows the log of a garbage collection.")
    .argument("<id>", "its id", wholeNumber)
    .action(
      action(cli, async (call, gc_id: number) => {
        call.terminal.write((await call.api.garbage.log({ params: { gc_id } })).body);
      }),
    );
  withExample(log, "$ entrepot gc log 17");
}

function addHeld(gc: Command, cli: Cli): void {
  const held = gc
    .command("held")
    .description("Shows what keeps content that can no longer be pulled, by the last collection.")
    .action(
      action(cli, async (call) => {
        const one = await newest(call);
        await call.list(one.report?.held ?? [], heldView, 0);
        call.terminal.note(`As of ${call.format.time(one.update_time)} (${one.id}).`);
      }),
    );
  withExample(held, "$ entrepot gc held");
}

function addSchedule(gc: Command, cli: Cli): void {
  const schedule = gc
    .command("schedule")
    .description("Shows when garbage is collected by itself, or sets it.")
    .argument("[when]", "hourly, daily, weekly, none, or a cron of six fields")
    .option("--delete-untagged", "delete manifests without a tag first")
    .option("--workers <n>", "how hard it works, 1 to 10", wholeNumber, 1)
    .action(
      action(cli, async (call, text: string | undefined, options: RunOptions) => {
        if (text !== undefined) {
          const parameters = {
            delete_untagged: options.deleteUntagged === true,
            workers: options.workers,
          };
          await call.api.garbage.setSchedule({ body: { schedule: scheduleOf(text), parameters } });
        }
        const { body } = await call.api.garbage.schedule();
        if (call.form === "json") return call.terminal.write(`${JSON.stringify(body, null, 2)}\n`);
        if (!("schedule" in body))
          return call.terminal.write("Garbage is collected by hand only.\n");
        const { type, cron, next_scheduled_time: next } = body.schedule;
        call.terminal.write(`${type} (${cron}), next ${call.format.time(next)}\n`);
      }),
    );
  withExample(schedule, '$ entrepot gc schedule weekly\n$ entrepot gc schedule "0 30 3 * * 6"');
}

function addControl(gc: Command, cli: Cli): void {
  for (const [name, said, what] of [
    ["pause", "Paused", "Stops a running garbage collection at its next step; none starts."],
    ["resume", "Resumed", "Lets a paused garbage collection go on where it was."],
  ] as const) {
    const command = gc
      .command(name)
      .description(what)
      .action(
        action(cli, async (call) => {
          const params = { job_type: QUEUE };
          await call.api.jobservice.changeQueue({ params, body: { action: name } });
          await call.done(`${said} garbage collection.`);
        }),
      );
    withExample(command, `$ entrepot gc ${name}`);
  }
  const stop = gc
    .command("stop")
    .description("Stops a garbage collection; the next one begins anew.")
    .argument("<id>", "its id", wholeNumber)
    .action(
      action(cli, async (call, gc_id: number) => {
        await call.api.garbage.stop({ params: { gc_id } });
        await call.done(`Stopped garbage collection ${gc_id}.`);
      }),
    );
  withExample(stop, "$ entrepot gc stop 17");
}

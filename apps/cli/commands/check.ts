import type { Check, CheckFinding } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted } from "../format.ts";
import { wholeNumber, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";
import { untilSuccess } from "../until.ts";

/** Findings shown when a check was waited for. */
const SHOWN = 50;

interface CheckOptions {
  readonly quick?: boolean;
  readonly project?: string;
  readonly repository?: string;
  readonly bytesPerSecond: number;
  readonly wait?: boolean;
}

/** How checks are shown. */
const checkView: View<Check> = {
  name: ({ id }) => String(id),
  columns: ({ time, bytes }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "STATUS", value: (one) => statusOf(one) },
    { title: "OF", value: ({ scope }) => scope || "everything" },
    { title: "STARTED", value: (one) => time(one.start_time) },
    { title: "BLOBS", value: ({ blobs }) => String(blobs), align: "right" },
    { title: "READ", value: (one) => bytes(one.bytes_read), align: "right" },
    { title: "DAMAGE", value: ({ damage }) => String(damage), align: "right" },
  ],
  details: ({ counts, manifests, end_time: end }, { time }) => [
    ["ENDED", time(end)],
    ["MANIFESTS", String(manifests)],
    ...Object.entries(counts).map(([name, n]) => [name.toUpperCase(), String(n)] as const),
  ],
};

/** How findings are shown. */
const findingView: View<CheckFinding> = {
  name: ({ name }) => name,
  columns: ({ bytes }) => [
    { title: "CLASS", value: (one) => one.class },
    { title: "NAME", value: ({ name }) => name },
    { title: "SIZE", value: ({ size }) => bytes(size ?? undefined), align: "right" },
    { title: "HARMS", value: ({ harms }) => harmsOf(harms) },
  ],
  below: ({ detail }) => [detail],
};

/** Adds `check`: looking for damage, what was found, and when it is looked for. */
export function addCheck(program: Command, cli: Cli): void {
  const check = program
    .command("check")
    .description("Looks for damage: every blob is read once, names are compared with bytes.")
    .option("--quick", "read bytes only where sizes look wrong")
    .option("--project <name>", "of one project only")
    .option("--repository <name>", "of one repository only")
    .option("--bytes-per-second <n>", "read no faster; 0: as fast as it goes", wholeNumber, 0)
    .option("--wait", "wait until it has ended; fails if it found damage")
    .action(
      action(cli, async (call, options: CheckOptions) => {
        const { created } = await call.api.checks.start({
          body: {
            quick: options.quick === true,
            scope: options.repository ?? options.project ?? "",
            bytes_per_second: options.bytesPerSecond,
          },
        });
        const id = Number(created);
        if (options.wait) return showEnd(call, await ended(call, id));
        const text = `Started check ${id}; 'entrepot check show ${id}' shows it.`;
        await call.done(text, { read: () => checkNamed(call, id), view: checkView });
      }),
    );
  withExample(check, "$ entrepot check --wait\n$ entrepot check --quick --project team");
  addReading(check, cli);
  addSchedule(check, cli);
}

function addReading(check: Command, cli: Cli): void {
  const list = withLimit(check.command("list").description("Lists checks, newest first.")).action(
    action(cli, async (call, { limit }: { limit: number }) => {
      await call.list(call.api.each(routes.checks.list, { query: {} }), checkView, limit);
    }),
  );
  withExample(list, "$ entrepot check list");

  const show = withLimit(
    check
      .command("show")
      .description("Shows a check and what it found.")
      .argument("<id>", "its id", wholeNumber),
  ).action(
    action(cli, async (call, id: number, { limit }: { limit: number }) => {
      await showFound(call, await checkNamed(call, id), limit);
    }),
  );
  withExample(show, "$ entrepot check show 17");

  const damage = withLimit(
    check.command("damage").description("Lists damage that pulls have met and nobody has healed."),
  ).action(
    action(cli, async (call, { limit }: { limit: number }) => {
      await call.list(call.api.each(routes.checks.met, { query: {} }), findingView, limit);
    }),
  );
  withExample(damage, "$ entrepot check damage");

  const stop = check
    .command("stop")
    .description("Stops a check.")
    .argument("<id>", "its id", wholeNumber)
    .action(
      action(cli, async (call, check_id: number) => {
        await call.api.checks.stop({ params: { check_id } });
        await call.done(`Stopped check ${check_id}.`);
      }),
    );
  withExample(stop, "$ entrepot check stop 17");
}

function addSchedule(check: Command, cli: Cli): void {
  const schedule = check
    .command("schedule")
    .description("Shows when the registry is checked by itself, or sets it.")
    .argument("[cron]", "a cron of six fields, or none")
    .option("--quick", "read bytes only where sizes look wrong")
    .option("--bytes-per-second <n>", "read no faster; 0: as fast as it goes", wholeNumber, 0)
    .action(
      action(cli, async (call, cron: string | undefined, options: CheckOptions) => {
        if (cron !== undefined) {
          const body = {
            cron: cron === "none" ? "" : cron,
            quick: options.quick === true,
            bytes_per_second: options.bytesPerSecond,
          };
          await call.api.checks.setSchedule({ body });
        }
        const { body } = await call.api.checks.schedule();
        if (call.form === "json") return call.terminal.write(`${JSON.stringify(body, null, 2)}\n`);
        call.terminal.write(body.cron === "" ? "By hand only.\n" : `${body.cron}\n`);
      }),
    );
  withExample(schedule, '$ entrepot check schedule "0 30 3 * * 6"');
}

async function checkNamed({ api }: Call, check_id: number): Promise<Check> {
  return (await api.checks.get({ params: { check_id } })).body;
}

/** Waits for the end. Throws UNKNOWN if it failed or was stopped. */
function ended(call: Call, id: number): Promise<Check> {
  return untilSuccess(
    call,
    () => checkNamed(call, id),
    ({ status }) => status,
    ({ status, status_text: why }) => `check ${id} ended with ${status}${why && `: ${why}`}`,
  );
}

async function showEnd(call: Call, one: Check): Promise<void> {
  await showFound(call, one, SHOWN);
  if (one.damage === 0) return;
  const what = `check ${one.id} found ${counted(one.damage, "damaged thing")}`;
  throw new RegistryError("INTEGRITY", `${what}; 'entrepot repair plan' says what can be done`);
}

async function showFound(call: Call, one: Check, limit: number): Promise<void> {
  const found = call.api.each(routes.checks.findings, { params: { check_id: one.id }, query: {} });
  if (call.form === "json") {
    const findings: CheckFinding[] = [];
    for await (const finding of found) {
      if (limit > 0 && findings.length === limit) break;
      findings.push(finding);
    }
    return call.terminal.write(`${JSON.stringify({ ...one, findings }, null, 2)}\n`);
  }
  call.one(one, checkView);
  if (Object.keys(one.counts).length > 0) await call.list(found, findingView, limit);
}

function statusOf({ status, stage }: Check): string {
  return status === "Running" ? `Running: ${stage}` : status;
}

function harmsOf([first = "", ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

import type { RepairItem, RepairPlan } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted } from "../format.ts";
import { wholeNumber, withExample, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { untilSuccess } from "../until.ts";

const SHOWN = 50;

interface RunOptions {
  readonly check?: number;
  readonly plan?: number;
  readonly yes?: boolean;
}

const planView: View<RepairPlan> = {
  name: ({ id }) => String(id),
  columns: ({ time }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "CHECK", value: (plan) => String(plan.check_id), align: "right" },
    { title: "MADE", value: (plan) => time(plan.creation_time) },
    { title: "STATUS", value: ({ status }) => status ?? "planned" },
    { title: "ITEMS", value: ({ counts }) => textOf(counts) },
    { title: "OUTCOMES", value: ({ outcomes }) => textOf(outcomes) },
  ],
};

const itemView: View<RepairItem> = {
  name: ({ name }) => name,
  columns: () => [
    { title: "ACT", value: ({ act }) => act },
    { title: "CLASS", value: (item) => item.class },
    { title: "NAME", value: ({ name }) => name },
    { title: "OUTCOME", value: ({ outcome }) => outcome ?? "" },
  ],
  below: ({ copies, why, result, outcome }) => {
    if (outcome !== null) return result === "" ? [] : [result];
    return why === "" ? copies.map((copy) => `from ${copy}`) : [why];
  },
};

/** Adds `repair`: planning it, and carrying it out. */
export function addRepair(program: Command, cli: Cli): void {
  const repair = program
    .command("repair")
    .description("Mends what a check found: from other copies, else set aside until a push.");
  const plan = repair
    .command("plan")
    .description("Shows what can be done about what a check found. Changes nothing.")
    .option("--check <id>", "the check; the newest if absent", wholeNumber)
    .action(
      action(cli, async (call, { check }: RunOptions) => {
        const made = await planned(call, check);
        await show(call, made);
        if (call.form === "table") {
          call.terminal.note(`'entrepot repair run --plan ${made.id}' carries this out.`);
        }
      }),
    );
  withExample(plan, "$ entrepot repair plan");

  const run = withYes(
    repair.command("run").description("Shows the plan, asks, and sees it carried out."),
  )
    .option("--check <id>", "the check; the newest if absent", wholeNumber)
    .option("--plan <id>", "a plan that was made before", wholeNumber)
    .action(
      action(cli, async (call, options: RunOptions) => {
        const before =
          options.plan === undefined
            ? await planned(call, options.check)
            : await planNamed(call, options.plan);
        if (call.form === "table") await show(call, before);
        const { leave = 0, ...acts } = before.counts;
        const n = Object.values(acts).reduce((sum, one) => sum + one, 0);
        if (n === 0) {
          return call.done(`Nothing can be done; ${counted(leave, "finding")} left.`, {
            read: async () => before,
            view: planView,
          });
        }
        await call.confirm(`Repair ${counted(n, "thing")}?`, options.yes);
        await call.api.repairs.execute({ params: { id: before.id } });
        const end = await ended(call, before.id);
        await show(call, end);
        const { left = 0, "set-aside": aside = 0 } = end.outcomes;
        if (left - leave + aside > 0) {
          const message = `${counted(left - leave + aside, "thing")} could not be healed`;
          throw new RegistryError("INTEGRITY", `${message}; push their images again`);
        }
      }),
    );
  withExample(run, "$ entrepot repair run\n$ entrepot repair run --plan 3 --yes");
}

async function planned(call: Call, check?: number): Promise<RepairPlan> {
  const body = check === undefined ? {} : { check_id: check };
  return planNamed(call, Number((await call.api.repairs.plan({ body })).created));
}

async function planNamed({ api }: Call, id: number): Promise<RepairPlan> {
  return (await api.repairs.get({ params: { id } })).body;
}

function ended(call: Call, id: number): Promise<RepairPlan> {
  return untilSuccess(
    call,
    () => planNamed(call, id),
    ({ status }) => status,
    ({ status }) => `the repair ended with ${status}; run it again`,
  );
}

async function show(call: Call, plan: RepairPlan): Promise<void> {
  const all = call.api.each(routes.repairs.items, { params: { id: plan.id }, query: {} });
  if (call.form === "json") {
    const items: RepairItem[] = [];
    for await (const item of all) {
      if (items.push(item) === 1_000) break;
    }
    return call.terminal.write(`${JSON.stringify({ ...plan, items }, null, 2)}\n`);
  }
  if (call.form === "name") return call.one(plan, planView);
  const n = Object.values(plan.counts).reduce((sum, one) => sum + one, 0);
  if (n > 0) await call.list(all, itemView, SHOWN);
  const said = plan.status === "Success" ? textOf(plan.outcomes) : textOf(plan.counts);
  call.terminal.write(`Plan ${plan.id} for check ${plan.check_id}: ${said || "nothing to do"}.\n`);
}

function textOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ");
}

import type { NewPolicy, Plan, PlanItem, PlanLine } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted, formatBytes } from "../format.ts";
import { policyNamed } from "../names.ts";
import { withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";

/** How many names of a plan can be asked for. */
const MOST = 10_000;

const itemView: View<PlanItem> = {
  name: ({ dst_resource: name }) => name,
  columns: ({ digest }) => [
    { title: "VERDICT", value: ({ verdict }) => verdict },
    { title: "SOURCE", value: ({ src_resource: name }) => name },
    { title: "TARGET", value: ({ dst_resource: name }) => name },
    { title: "AT SOURCE", value: (item) => digest(item.at_source) },
    { title: "AT TARGET", value: (item) => digest(item.at_target) },
  ],
};

/** Adds `replication plan`. */
export function addPlan(replication: Command, cli: Cli): void {
  const plan = withLimit(
    replication
      .command("plan")
      .description(
        "Shows what a run of a policy would do now, and how many bytes it would move. Nothing is " +
          "changed. What is equal is counted, not listed.",
      )
      .argument("<policy>", "its name or id"),
  ).action(
    action(cli, async (call, name: string, { limit }: { limit: number }) => {
      const { id } = await policyNamed(call, name);
      const input = { params: { id }, query: { limit: asked(limit) } };
      await showPlan(call, await planIn(call, call.api.lines(routes.plans.preview, input)));
    }),
  );
  withExample(plan, "$ entrepot replication plan mirror --limit 20");
}

/** Shows what `policy` would do if it were stored; with an id, in the place of that one. */
export async function planOf(call: Call, policy: NewPolicy, id?: number): Promise<void> {
  const query = { limit: 100, ...(id !== undefined && { policy_id: id }) };
  const { body } = await call.api.plans.previewNew({ body: policy, query });
  await showPlan(call, body);
}

const asked = (limit: number): number => (limit === 0 ? MOST : Math.min(limit, MOST));

async function planIn(call: Call, lines: AsyncIterable<PlanLine>): Promise<Plan> {
  const { errorColumns, writeError, note } = call.terminal;
  const items: PlanItem[] = [];
  for await (const line of lines) {
    if (line.type === "item") items.push(line);
    else if (line.type === "progress") {
      const text = `compared ${counted(line.compared, "name")}`;
      if (errorColumns === null) note(text);
      else writeError(`\r\x1b[K${text.slice(0, errorColumns - 1)}`);
    } else {
      if (errorColumns !== null) writeError("\r\x1b[K");
      if (line.type === "end") return { ...line, items };
      throw new RegistryError("UNAVAILABLE", `no plan can be made: ${line.message}`);
    }
  }
  throw new RegistryError("UNREACHABLE", `${call.server} broke the plan off; try again`);
}

async function showPlan(call: Call, plan: Plan): Promise<void> {
  const { items, counts, deletions_held: held } = plan;
  if (call.form === "json") {
    return call.terminal.write(`${JSON.stringify(plan, null, 2)}\n`);
  }
  if (items.length > 0 || call.form === "name") await call.list(items, itemView, 0);
  if (call.form === "name") return;
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  const sum = parts.map(([verdict, count]) => `${count} ${verdict}`).join(", ");
  call.terminal.write(`${sum || "Nothing matches"}.\n`);
  const left = plan.partial
    ? `at least, ${plan.artifacts_left_out} artifacts not looked into; `
    : "";
  call.terminal.write(
    `${formatBytes(plan.bytes_to_send)} to send (${left}${formatBytes(plan.bytes_there)} there, ` +
      `${formatBytes(plan.bytes_mountable)} to mount).\n`,
  );
  if (held > 0) {
    call.terminal.write(
      `The run would stop and ask: ${held} deletions are more than the policy allows; ` +
        `--confirm-deletions ${held} agrees.\n`,
    );
  }
}

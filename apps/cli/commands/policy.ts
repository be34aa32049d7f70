import type { NewPolicy, Policy } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { policyNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withListOptions, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { planOf } from "./plan.ts";
import { addRun } from "./run.ts";
import { copyingDetails } from "./policy-options.ts";
import {
  changedSettings,
  type PolicyOptions,
  settingsIn,
  withPolicyOptions,
} from "./policy-settings.ts";

const policyView: View<Policy> = {
  name: (policy) => policy.name,
  columns: () => [
    { title: "ID", value: (policy) => String(policy.id), align: "right" },
    { title: "NAME", value: (policy) => policy.name },
    { title: "ENABLED", value: (policy) => (policy.enabled ? "yes" : "no") },
    { title: "DIRECTION", value: directionOf },
    { title: "TRIGGER", value: triggerOf },
    { title: "FILTERS", value: filtersOf },
  ],
  details: (policy, { time }) => [
    ["DELETION", policy.deletion ? "yes" : "no"],
    ["OVERRIDE", policy.override ? "yes" : "no"],
    ["NAMESPACE", policy.dest_namespace],
    ["REPLACE COUNT", String(policy.dest_namespace_replace_count)],
    ...copyingDetails(policy),
    ["CHANGED", time(policy.update_time)],
    ["DESCRIPTION", policy.description],
  ],
};

function directionOf({ src_registry: from, dest_registry: to }: Policy): string {
  return to.id === 0 ? `pull from ${from.name}` : `push to ${to.name}`;
}

function triggerOf({ trigger }: Policy): string {
  const { cron, time_zone: zone = "UTC" } = trigger.trigger_settings ?? {};
  if (trigger.type !== "scheduled" || !cron) return trigger.type;
  return `scheduled (${cron}${zone === "UTC" ? "" : ` ${zone}`})`;
}

function filtersOf({ filters }: Policy): string {
  return filters
    .map(({ type, value, decoration }) => {
      const what = type === "name" ? "repositories" : `${type}s`;
      return `${decoration === "excludes" ? "no " : ""}${what} ${value}`;
    })
    .join("; ");
}

/** Adds `replication policy`. */
export function addPolicy(replication: Command, cli: Cli): void {
  const policy = replication
    .command("policy")
    .description("Replication policies: what is copied, from where to where, and when.");

  const list = withListOptions(policy.command("list").description("Lists policies.")).action(
    action(cli, async (call, options: ListOptions) => {
      const found = call.api.each(routes.policies.list, { query: listQuery(options) });
      await call.list(found, policyView, options.limit);
    }),
  );
  withExample(list, "$ entrepot replication policy list");

  const show = policy
    .command("show")
    .description("Shows a policy.")
    .argument("<policy>", "its name or id")
    .action(
      action(cli, async (call, name: string) =>
        call.one(await policyNamed(call, name), policyView),
      ),
    );
  withExample(show, "$ entrepot replication policy show mirror");
  addChanges(policy, cli);
  addEnabling(policy, cli);
  addRun(policy, cli);
}

const BLANK = {
  description: "",
  dest_namespace: "",
  dest_namespace_replace_count: -1,
  override: true,
} satisfies Partial<NewPolicy>;

interface CreateOptions extends PolicyOptions {
  readonly disabled?: boolean;
  readonly plan?: boolean;
}

function addChanges(policy: Command, cli: Cli): void {
  const create = withPolicyOptions(policy.command("create"))
    .description("Creates a policy. If it is enabled and event-based, all that matches is copied.")
    .argument("<name>")
    .option("--disabled", "do not enable it yet")
    .option("--plan", "only show what it would do; nothing is stored")
    .action(
      action(cli, async (call, name: string, options: CreateOptions) => {
        if (!options.to && !options.from) {
          throw usageError("say where to or from: --to or --from, with a registry endpoint");
        }
        const blank = { ...BLANK, name, enabled: options.disabled !== true };
        const body = await changedSettings(call, blank, options);
        if (options.plan) return await planOf(call, body);
        const { created } = await call.api.policies.create({ body });
        await call.done(`Created replication policy ${name}.`, after(call, Number(created)));
      }),
    );
  withExample(
    create,
    "$ entrepot replication policy create mirror --to backup --trigger event_based \\\n" +
      "    --repositories 'library/**' --deletion",
  );

  const update = withPolicyOptions(policy.command("update"))
    .description("Changes a policy; what is not given stays.")
    .argument("<policy>", "its name or id")
    .option("--name <name>", "a new name")
    .option("--plan", "only show what it would do then; nothing is changed")
    .action(
      action(cli, async (call, name: string, options: PolicyOptions & { plan?: boolean }) => {
        if (Object.keys(options).length === 0) {
          throw usageError("nothing to change; see --help for what can be");
        }
        const before = await policyNamed(call, name);
        const body = await changedSettings(call, settingsIn(before), options);
        if (options.plan) return await planOf(call, body, before.id);
        await call.api.policies.update({ params: { id: before.id }, body });
        await call.done(`Changed replication policy ${name}.`, after(call, before.id));
      }),
    );
  withExample(update, "$ entrepot replication policy update mirror --tags 'v*'");

  const remove = withYes(
    policy
      .command("delete")
      .description("Stops a policy's runs and deletes it; what was copied stays."),
  )
    .argument("<policy>", "its name or id")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const { id } = await policyNamed(call, name);
        await call.confirm(`Delete replication policy ${name}?`, yes);
        await call.api.policies.delete({ params: { id } });
        await call.done(`Deleted replication policy ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot replication policy delete mirror");
}

function addEnabling(policy: Command, cli: Cli): void {
  const about = { enable: "Lets a policy run.", disable: "Keeps a policy from running." };
  for (const verb of ["enable", "disable"] as const) {
    const command = policy
      .command(verb)
      .description(about[verb])
      .argument("<policy>", "its name or id")
      .action(
        action(cli, async (call, name: string) => {
          const before = await policyNamed(call, name);
          const body = { ...settingsIn(before), enabled: verb === "enable" };
          await call.api.policies.update({ params: { id: before.id }, body });
          await call.done(`Replication policy ${before.name} is ${verb}d.`, after(call, before.id));
        }),
      );
    withExample(command, `$ entrepot replication policy ${verb} mirror`);
  }
}

function after({ api }: Call, id: number) {
  return { read: async () => (await api.policies.get({ params: { id } })).body, view: policyView };
}

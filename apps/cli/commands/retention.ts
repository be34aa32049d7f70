import type { RetentionExecution, RetentionPolicy } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { addRetentionRun } from "./retention-run.ts";

/** A policy with its project's name. */
type Named = RetentionPolicy & { readonly project: string };

const policyView: View<Named> = {
  name: ({ project }) => project,
  columns: () => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "PROJECT", value: ({ project }) => project },
    { title: "KEEPS", value: ({ rules }) => rules.map(ruleText).join("; ") },
    { title: "RUNS", value: ({ trigger }) => trigger.settings?.cron || "by hand" },
  ],
};

type Rule = RetentionPolicy["rules"][number];

function ruleText({ template, params, tag_selectors, scope_selectors, disabled }: Rule): string {
  const selectors = [...tag_selectors, ...scope_selectors.repository]
    .filter(({ pattern }) => pattern !== "**")
    .map(({ decoration, pattern }) => `${decoration} ${pattern}`);
  const count = params[template];
  const said = count === undefined ? template : `${template} ${count}`;
  return [said, ...selectors, ...(disabled ? ["(disabled)"] : [])].join(" ");
}

const executionView: View<RetentionExecution> = {
  name: ({ id }) => String(id),
  columns: ({ time }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "STATUS", value: ({ status }) => status },
    { title: "TRIGGER", value: ({ trigger }) => trigger },
    { title: "DRY RUN", value: (one) => (one.dry_run ? "yes" : "no") },
    { title: "BEGAN", value: (one) => time(one.start_time) },
    { title: "ENDED", value: (one) => time(one.end_time) },
  ],
};

interface CreateOptions {
  readonly pushed?: number;
  readonly pulled?: number;
  readonly pushedDays?: number;
  readonly pulledDays?: number;
  readonly always?: boolean;
  readonly tags: string;
  readonly repositories: string;
  readonly dropUntagged?: boolean;
  readonly cron?: string;
  readonly timeZone?: string;
}

/** Adds `retention`. */
export function addRetention(program: Command, cli: Cli): void {
  const retention = program
    .command("retention")
    .description("Retention: which artifacts of a project are kept; the others are deleted.");

  const list = withLimit(
    retention.command("list").description("Lists retention policies of the projects you see."),
  ).action(
    action(cli, async (call, { limit }: { limit: number }) =>
      call.list(policies(call), policyView, limit),
    ),
  );
  withExample(list, "$ entrepot retention list");

  const show = retention
    .command("show")
    .description("Shows a project's retention policy.")
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, project: string) => call.one(await read(call, project), policyView)),
    );
  withExample(show, "$ entrepot retention show library");
  addChanges(retention, cli);
  addRetentionRun(retention, cli, async (call, project) => (await read(call, project)).id);

  const executions = withLimit(
    retention.command("executions").description("Lists runs of a project's policy."),
  )
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, project: string, { limit }: { limit: number }) => {
        const { id } = await read(call, project);
        const found = call.api.each(routes.retentions.executions, { params: { id } });
        await call.list(found, executionView, limit);
      }),
    );
  withExample(executions, "$ entrepot retention executions library");
}

/** What a policy is made of. */
function withRules(command: Command): Command {
  return command
    .argument("<project>", "its name or id")
    .option("--pushed <n>", "keep the n most recently pushed", wholeNumber)
    .option("--pulled <n>", "keep the n most recently pulled", wholeNumber)
    .option("--pushed-days <n>", "keep what was pushed within n days", wholeNumber)
    .option("--pulled-days <n>", "keep what was pulled within n days", wholeNumber)
    .option("--always", "keep all that matches")
    .option("--tags <pattern>", "of these tags", "**")
    .option("--repositories <pattern>", "in these, named without the project", "**")
    .option("--drop-untagged", "the rules keep nothing that has no tag")
    .option("--cron <cron>", "run by itself: six fields, second first")
    .option("--time-zone <zone>", "of the cron's times; UTC if absent");
}

function addChanges(retention: Command, cli: Cli): void {
  const create = withRules(
    retention
      .command("create")
      .description("Gives a project a policy; whatever one of its rules keeps stays."),
  ).action(
    action(cli, async (call, project: string, options: CreateOptions) => {
      const params = { project_name_or_id: project };
      const { project_id: ref } = (await call.api.projects.get({ params })).body;
      const settings = {
        cron: options.cron ?? "",
        ...(options.timeZone !== undefined && { time_zone: options.timeZone }),
      };
      const trigger = { kind: "Schedule" as const, settings };
      const scope = { level: "project" as const, ref };
      await call.api.retentions.create({ body: { rules: rulesOf(options), trigger, scope } });
      const after = { read: () => read(call, project), view: policyView };
      await call.done(`Created the retention policy of project ${project}.`, after);
    }),
  );
  withExample(create, "$ entrepot retention create library --pushed 10 --pulled-days 30");

  const update = withRules(
    retention
      .command("update")
      .description("Changes a project's policy: rules that are given replace all it has."),
  ).action(
    action(cli, async (call, project: string, options: CreateOptions) => {
      const { project: name, ...before } = await read(call, project);
      const { cron = "", time_zone: zone } = before.trigger.settings ?? {};
      const timeZone = options.timeZone ?? zone;
      const settings = {
        cron: options.cron ?? cron,
        ...(timeZone !== undefined && { time_zone: timeZone }),
      };
      const rules = givenRules(options);
      const body = {
        ...before,
        ...(rules.length > 0 && { rules }),
        trigger: { kind: "Schedule" as const, settings },
      };
      await call.api.retentions.update({ params: { id: before.id }, body });
      const after = { read: () => read(call, project), view: policyView };
      await call.done(`Changed the retention policy of project ${name}.`, after);
    }),
  );
  withExample(update, "$ entrepot retention update library --cron '0 0 3 * * *'");

  const remove = withYes(
    retention.command("delete").description("Deletes a project's policy; nothing else goes."),
  )
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, project: string, { yes }: { yes?: boolean }) => {
        const { id } = await read(call, project);
        await call.confirm(`Delete the retention policy of project ${project}?`, yes);
        await call.api.retentions.delete({ params: { id } });
        await call.done(`Deleted the retention policy of project ${project}.`);
      }),
    );
  withExample(remove, "$ entrepot retention delete library");
}

function rulesOf(options: CreateOptions) {
  const rules = givenRules(options);
  if (rules.length > 0) return rules;
  throw usageError("say what is kept: --pushed, --pulled, --pushed-days, --pulled-days, --always");
}

function givenRules(options: CreateOptions) {
  const given = [
    ["latestPushedK", options.pushed],
    ["latestPulledN", options.pulled],
    ["nDaysSinceLastPush", options.pushedDays],
    ["nDaysSinceLastPull", options.pulledDays],
    ["always", options.always ? 0 : undefined],
  ] as const;
  return given.flatMap(([template, count]) =>
    count === undefined ? [] : [ruleOf(template, count, options)],
  );
}

function ruleOf(template: Rule["template"], count: number, options: CreateOptions) {
  const extras = JSON.stringify({ untagged: options.dropUntagged !== true });
  return {
    template,
    params: template === "always" ? {} : { [template]: count },
    tag_selectors: [{ decoration: "matches" as const, pattern: options.tags, extras }],
    scope_selectors: {
      repository: [{ decoration: "repoMatches" as const, pattern: options.repositories }],
    },
  };
}

async function* policies({ api }: Call): AsyncIterable<Named> {
  for await (const { name, metadata } of api.each(routes.projects.list, {})) {
    const id = Number(metadata["retention_id"] ?? 0);
    if (id > 0) yield { ...(await api.retentions.get({ params: { id } })).body, project: name };
  }
}

async function read({ api }: Call, project: string): Promise<Named> {
  const { body } = await api.projects.get({ params: { project_name_or_id: project } });
  const id = Number(body.metadata["retention_id"] ?? 0);
  if (id > 0) return { ...(await api.retentions.get({ params: { id } })).body, project: body.name };
  const advice = `'entrepot retention create ${project}' makes one`;
  const text = `project '${project}' has no retention policy; ${advice}`;
  throw new RegistryError("NOT_FOUND", text);
}

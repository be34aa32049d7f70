import type { ImmutableRule } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

const ruleView: View<ImmutableRule> = {
  name: (rule) => String(rule.id),
  columns: () => [
    { title: "ID", value: (rule) => String(rule.id), align: "right" },
    { title: "ENABLED", value: (rule) => (rule.disabled ? "no" : "yes") },
    { title: "TAGS", value: ({ tag_selectors: [tags] }) => said(tags!) },
    { title: "REPOSITORIES", value: ({ scope_selectors: { repository } }) => said(repository[0]!) },
  ],
};

function said({ decoration, pattern }: { decoration: string; pattern: string }): string {
  return /excludes/i.test(decoration) ? `all but ${pattern}` : pattern;
}

interface CreateOptions {
  readonly tags?: string;
  readonly exceptTags?: string;
  readonly repositories?: string;
  readonly exceptRepositories?: string;
}

/** Adds `immutable`. */
export function addImmutable(program: Command, cli: Cli): void {
  const immutable = program
    .command("immutable")
    .description("Immutable tags: which tags can be neither moved nor deleted.");

  const list = withLimit(immutable.command("list").description("Lists a project's rules."))
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, project: string, { limit }: { limit: number }) => {
        await call.list(rulesOf(call, project), ruleView, limit);
      }),
    );
  withExample(list, "$ entrepot immutable list library");

  const create = immutable
    .command("create")
    .description("Makes tags of a project immutable, those that are there and those that come.")
    .argument("<project>", "its name or id")
    .option("--tags <pattern>", "tags that match; all if neither is given")
    .option("--except-tags <pattern>", "all tags but these")
    .option("--repositories <pattern>", "in these, named without the project")
    .option("--except-repositories <pattern>", "in all but these")
    .action(
      action(cli, async (call, project: string, options: CreateOptions) => {
        const params = { project_name_or_id: project };
        const { created } = await call.api.immutableRules.create({ params, body: ruleOf(options) });
        const after = { read: () => ruleNamed(call, project, Number(created)), view: ruleView };
        await call.done(`Created immutable rule ${created} of project ${project}.`, after);
      }),
    );
  withExample(create, "$ entrepot immutable create library --tags 'v*'");
  addChanges(immutable, cli);
}

function addChanges(immutable: Command, cli: Cli): void {
  for (const verb of ["enable", "disable"] as const) {
    const change = immutable
      .command(verb)
      .description(verb === "enable" ? "Lets a rule hold." : "Keeps a rule from holding.")
      .argument("<project>", "its name or id")
      .argument("<rule>", "the rule's id", wholeNumber)
      .action(
        action(cli, async (call, project: string, id: number) => {
          const before = await ruleNamed(call, project, id);
          const params = { project_name_or_id: project, immutable_rule_id: id };
          const body = { ...before, disabled: verb === "disable" };
          await call.api.immutableRules.update({ params, body });
          const after = { read: () => ruleNamed(call, project, id), view: ruleView };
          await call.done(`Immutable rule ${id} is ${verb}d.`, after);
        }),
      );
    withExample(change, `$ entrepot immutable ${verb} library 3`);
  }

  const remove = withYes(
    immutable.command("delete").description("Deletes a rule; its tags can be changed again."),
  )
    .argument("<project>", "its name or id")
    .argument("<rule>", "the rule's id", wholeNumber)
    .action(
      action(cli, async (call, project: string, id: number, { yes }: { yes?: boolean }) => {
        await ruleNamed(call, project, id);
        await call.confirm(`Delete immutable rule ${id} of project ${project}?`, yes);
        const params = { project_name_or_id: project, immutable_rule_id: id };
        await call.api.immutableRules.delete({ params });
        await call.done(`Deleted immutable rule ${id}.`);
      }),
    );
  withExample(remove, "$ entrepot immutable delete library 3");
}

function rulesOf({ api }: Call, project: string) {
  return api.each(routes.immutableRules.list, { params: { project_name_or_id: project } });
}

async function ruleNamed(call: Call, project: string, id: number): Promise<ImmutableRule> {
  for await (const rule of rulesOf(call, project)) if (rule.id === id) return rule;
  throw new RegistryError("NOT_FOUND", `project '${project}' has no immutable rule ${id}`);
}

function ruleOf(options: CreateOptions) {
  const { tags = "**", exceptTags, repositories = "**", exceptRepositories } = options;
  if (options.tags !== undefined && exceptTags !== undefined) {
    throw usageError("give --tags or --except-tags, not both");
  }
  if (options.repositories !== undefined && exceptRepositories !== undefined) {
    throw usageError("give --repositories or --except-repositories, not both");
  }
  const tag =
    exceptTags === undefined
      ? { decoration: "matches" as const, pattern: tags }
      : { decoration: "excludes" as const, pattern: exceptTags };
  const repository =
    exceptRepositories === undefined
      ? { decoration: "repoMatches" as const, pattern: repositories }
      : { decoration: "repoExcludes" as const, pattern: exceptRepositories };
  return { tag_selectors: [tag], scope_selectors: { repository: [repository] } };
}

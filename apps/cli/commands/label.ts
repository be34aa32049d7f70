import type { Label, LabelChange } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { labelNamed, projectIdOf } from "../names.ts";
import { listQuery, type ListOptions, withExample, withListOptions, withYes } from "../options.ts";
import type { View } from "../output.ts";

const labelView: View<Label> = {
  name: (label) => label.name,
  columns: () => [
    { title: "ID", value: (label) => String(label.id), align: "right" },
    { title: "NAME", value: (label) => label.name },
    { title: "SCOPE", value: (label) => (label.scope === "g" ? "global" : "project") },
    { title: "COLOR", value: (label) => label.color },
    { title: "DESCRIPTION", value: (label) => label.description },
  ],
};

interface Settings {
  readonly project?: string;
  readonly name?: string;
  readonly color?: string;
  readonly description?: string;
}

/** Adds `label`. */
export function addLabel(program: Command, cli: Cli): void {
  const label = program
    .command("label")
    .description("Labels for artifacts: of the whole registry, or of one project.");

  const list = withProject(
    withListOptions(label.command("list").description("Lists labels.")),
  ).action(
    action(cli, async (call, { project, ...options }: ListOptions & Settings) => {
      const query = { ...listQuery(options), ...(await scopeOf(call, project)) };
      await call.list(call.api.each(routes.labels.list, { query }), labelView, options.limit);
    }),
  );
  withExample(list, "$ entrepot label list --project library");

  const create = withProject(label.command("create").description("Creates a label."))
    .argument("<name>")
    .option("--color <#rrggbb>")
    .option("--description <text>")
    .action(
      action(cli, async (call, name: string, options: Settings) => {
        const { project, color, description } = options;
        const scope = await scopeOf(call, project);
        const body = { name, color, description, ...scope };
        const { created } = await call.api.labels.create({ body });
        await call.done(`Created label ${name}.`, after(call, Number(created)));
      }),
    );
  withExample(create, "$ entrepot label create production --color '#00aa00'");
  addChanges(label, cli);
}

function addChanges(label: Command, cli: Cli): void {
  const update = withProject(
    label.command("update").description("Changes a label on all artifacts that carry it."),
  )
    .argument("<label>", "its name")
    .option("--name <name>", "a new name")
    .option("--color <#rrggbb>")
    .option("--description <text>")
    .action(
      action(cli, async (call, text: string, { project, ...body }: Settings) => {
        if (Object.keys(body).length === 0) throw usageError("nothing to change; see --help");
        const { id } = await labelNamed(call, text, await scopeOf(call, project));
        await call.api.labels.update({ params: { label_id: id }, body: body as LabelChange });
        await call.done(`Changed label ${text}.`, after(call, id));
      }),
    );
  withExample(update, "$ entrepot label update production --name live");

  const remove = withYes(
    withProject(
      label.command("delete").description("Deletes a label, and takes it off all artifacts."),
    ),
  )
    .argument("<label>", "its name")
    .action(
      action(cli, async (call, text: string, options: Settings & { yes?: boolean }) => {
        const { id } = await labelNamed(call, text, await scopeOf(call, options.project));
        await call.confirm(`Delete label ${text}, and take it off all artifacts?`, options.yes);
        await call.api.labels.delete({ params: { label_id: id } });
        await call.done(`Deleted label ${text}.`);
      }),
    );
  withExample(remove, "$ entrepot label delete production");
}

function withProject(command: Command): Command {
  return command.option("--project <project>", "of this project; else of the whole registry");
}

async function scopeOf(call: Call, project: string | undefined) {
  if (project === undefined) return { scope: "g" as const };
  return { scope: "p" as const, project_id: await projectIdOf(call, project) };
}

function after({ api }: Call, id: number) {
  const params = { label_id: id };
  return { read: async () => (await api.labels.get({ params })).body, view: labelView };
}

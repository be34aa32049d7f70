import type { Project } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { registryNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, wholeNumber, withExample, withListOptions, withYes } from "../options.ts";
import { counted } from "../format.ts";
import type { View } from "../output.ts";
import { addMember } from "./member.ts";
import { roleName } from "./role.ts";

const projectView: View<Project> = {
  name: (project) => project.name,
  columns: ({ time }) => [
    { title: "ID", value: (project) => String(project.project_id), align: "right" },
    { title: "NAME", value: (project) => project.name },
    {
      title: "ACCESS",
      value: ({ metadata }) => (metadata.public === "true" ? "public" : "private"),
    },
    { title: "REPOSITORIES", value: (project) => String(project.repo_count), align: "right" },
    {
      title: "PROXY OF",
      value: (project) => (project.registry_id ? `registry ${project.registry_id}` : ""),
    },
    { title: "YOUR ROLE", value: (project) => roleName(project.current_user_role_id) },
    { title: "CREATED", value: (project) => time(project.creation_time) },
  ],
  details: (project) => [
    ["OWNER", project.owner_name],
    ["KEEP DAYS", project.metadata.proxy_keep_days ?? ""],
    ["RECOVERY DAYS", project.metadata.recovery_days ?? ""],
  ],
};

/** Repositories that a cascade names before it asks. */
const SHOWN = 20;

interface AccessOptions {
  readonly public?: boolean;
  readonly private?: boolean;
}

interface CreateOptions extends AccessOptions {
  readonly proxyOf?: string;
  readonly keepDays?: string;
}

function keepDays({ keepDays: days }: CreateOptions): { proxy_keep_days?: string } {
  return days === undefined ? {} : { proxy_keep_days: days };
}

/** Adds `project`, with its members. */
export function addProject(program: Command, cli: Cli): void {
  const project = program.command("project").description("Projects, which hold repositories.");

  const list = withListOptions(
    project.command("list").description("Lists the projects that you may see."),
  ).action(
    action(cli, async (call, options: ListOptions) => {
      const query = listQuery(options);
      await call.list(call.api.each(routes.projects.list, { query }), projectView, options.limit);
    }),
  );
  withExample(list, "$ entrepot project list --query public=true");

  const show = project
    .command("show")
    .description("Shows a project.")
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, name: string) => call.one(await read(call, name), projectView)),
    );
  withExample(show, "$ entrepot project show library");

  const create = project
    .command("create")
    .description("Creates a project; only its members see it, unless it is public.")
    .argument("<name>")
    .option("--public", "everybody may pull from it")
    .option("--private", "only members see it (the default)")
    .option("--proxy-of <registry>", "a proxy of this registry endpoint: pulls fetch from there")
    .option("--keep-days <n>", "a proxy lets go of what nobody has pulled for so long")
    .action(
      action(cli, async (call, name: string, options: CreateOptions) => {
        if (options.keepDays !== undefined && options.proxyOf === undefined) {
          throw usageError("--keep-days is for a proxy; give --proxy-of, too");
        }
        const access = { public: accessOf(options) ?? ("false" as const) };
        const metadata = { ...access, ...keepDays(options) };
        const registry = options.proxyOf && (await registryNamed(call, options.proxyOf));
        await call.api.projects.create({
          body: { project_name: name, metadata, ...(registry && { registry_id: registry.id }) },
        });
        const after = { read: () => read(call, name, true), view: projectView };
        await call.done(`Created project ${name}.`, after);
      }),
    );
  withExample(create, "$ entrepot project create team --public");
  addChanges(project, cli);
  addMember(project, cli);
}

function addChanges(project: Command, cli: Cli): void {
  const update = project
    .command("update")
    .description("Makes a project public or private, or says how long it can be recovered.")
    .argument("<project>", "its name or id")
    .option("--public", "everybody may pull from it")
    .option("--private", "only members see it")
    .option(
      "--recovery-days <n>",
      "what is deleted in it can be restored for so long; 'default': as in the whole registry",
      (text) => (text === "default" ? "" : String(wholeNumber(text))),
    )
    .action(
      action(cli, async (call, name: string, options: UpdateOptions) => {
        const [access, days] = [accessOf(options), options.recoveryDays];
        if (access === undefined && days === undefined) {
          throw usageError("nothing to change; give --public, --private or --recovery-days");
        }
        const params = { project_name_or_id: name };
        const metadata = {
          ...(access && { public: access }),
          ...(days !== undefined && { recovery_days: days }),
        };
        await call.api.projects.update({ params, body: { metadata } });
        const after = { read: () => read(call, name), view: projectView };
        const said = [
          ...(access ? [`is ${access === "true" ? "public" : "private"} now`] : []),
          ...(days === undefined ? [] : [`can be recovered for ${days || "the registry's"} days`]),
        ];
        await call.done(`Project ${name} ${said.join(", and ")}.`, after);
      }),
    );
  withExample(update, "$ entrepot project update team --private");

  const remove = withYes(
    project.command("delete").description("Deletes a project that has no repositories."),
  )
    .argument("<project>", "its name or id")
    .option("--cascade", "with all that is in it; 'entrepot bin restore' brings it back")
    .action(
      action(cli, async (call, name: string, { yes, cascade }: DeleteOptions) => {
        const inside = cascade ? await showContents(call, name) : "";
        await call.confirm(`Delete project ${name}${inside}?`, yes);
        const query = { cascade: cascade === true };
        const params = { project_name_or_id: name };
        const { headers } = await call.api.projects.delete({ params, query });
        const cause = headers.get("entrepot-cause");
        const how = cascade && cause ? ` 'entrepot undo ${cause}' brings it back.` : "";
        await call.done(`Deleted project ${name}.${how}`);
      }),
    );
  withExample(remove, "$ entrepot project delete team");
}

interface UpdateOptions extends AccessOptions {
  /** Empty: the registry's. */
  readonly recoveryDays?: string;
}

interface DeleteOptions {
  readonly yes?: boolean;
  readonly cascade?: boolean;
}

/** Shows what goes with the project; returns it in short, for the question. */
async function showContents(call: Call, name: string): Promise<string> {
  const params = { project_name: (await read(call, name)).name };
  const repositories = await Array.fromAsync(
    call.api.each(routes.repositories.list, { params, query: {} }),
  );
  const artifacts = repositories.reduce((sum, { artifact_count: count }) => sum + count, 0);
  for (const { name: repository, artifact_count: count } of repositories.slice(0, SHOWN)) {
    call.terminal.note(`goes: ${repository} (${counted(count, "artifact")})`);
  }
  const more = repositories.length - SHOWN;
  if (more > 0) call.terminal.note(`… and ${more} more`);
  const noun = repositories.length === 1 ? "repository" : "repositories";
  return ` with ${repositories.length} ${noun} and ${counted(artifacts, "artifact")}`;
}

/** The project; `isName` if even a number is its name. */
async function read({ api }: Call, name: string, isName = false): Promise<Project> {
  const headers = { "x-is-resource-name": String(isName) };
  return (await api.projects.get({ params: { project_name_or_id: name }, headers })).body;
}

function accessOf(options: AccessOptions): "true" | "false" | undefined {
  if (options.public && options.private) throw usageError("choose --public or --private");
  if (options.public) return "true";
  return options.private ? "false" : undefined;
}

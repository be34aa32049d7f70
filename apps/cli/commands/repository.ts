import type { Repository } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { repositoryNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withListOptions, withYes } from "../options.ts";
import type { View } from "../output.ts";

const ARGUMENT = "project/repository";

const repositoryView: View<Repository> = {
  name: (repository) => repository.name,
  columns: ({ time }) => [
    { title: "NAME", value: (repository) => repository.name },
    { title: "ARTIFACTS", value: ({ artifact_count: count }) => String(count), align: "right" },
    { title: "PULLS", value: ({ pull_count: count }) => String(count), align: "right" },
    { title: "UPDATED", value: (repository) => time(repository.update_time) },
    { title: "DESCRIPTION", value: (repository) => repository.description },
  ],
  details: (repository, { time }) => [["CREATED", time(repository.creation_time)]],
};

/** Adds `repository`. */
export function addRepository(program: Command, cli: Cli): void {
  const repository = program.command("repository").description("Repositories of a project.");

  const list = withListOptions(
    repository.command("list").description("Lists repositories: a project's, or all you may see."),
  )
    .argument("[project]", "its name")
    .action(
      action(cli, async (call, project: string | undefined, options: ListOptions) => {
        const query = listQuery(options);
        const found =
          project === undefined
            ? call.api.each(routes.repositories.listAll, { query })
            : call.api.each(routes.repositories.list, { params: { project_name: project }, query });
        await call.list(found, repositoryView, options.limit);
      }),
    );
  withExample(list, "$ entrepot repository list library");

  const show = repository
    .command("show")
    .description("Shows a repository.")
    .argument("<repository>", ARGUMENT)
    .action(
      action(cli, async (call, name: string) => call.one(await read(call, name), repositoryView)),
    );
  withExample(show, "$ entrepot repository show library/hello");

  const describe = repository
    .command("describe")
    .description("Gives a repository a description.")
    .argument("<repository>", ARGUMENT)
    .argument("<text>")
    .action(
      action(cli, async (call, name: string, description: string) => {
        const params = repositoryNamed(name);
        await call.api.repositories.update({ params, body: { description } });
        const after = { read: () => read(call, name), view: repositoryView };
        await call.done(`Described ${name}.`, after);
      }),
    );
  withExample(describe, "$ entrepot repository describe library/hello 'Says hello.'");

  const remove = withYes(
    repository.command("delete").description("Deletes a repository with everything in it."),
  )
    .argument("<repository>", ARGUMENT)
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const params = repositoryNamed(name);
        await call.confirm(`Delete repository ${name} with everything in it?`, yes);
        await call.api.repositories.delete({ params });
        await call.done(`Deleted repository ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot repository delete library/hello");
}

async function read({ api }: Call, name: string): Promise<Repository> {
  return (await api.repositories.get({ params: repositoryNamed(name) })).body;
}

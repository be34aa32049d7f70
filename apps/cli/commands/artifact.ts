import type { Artifact } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { addArtifactLabel } from "./artifact-label.ts";
import { artifactNamed, repositoryNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withListOptions, withYes } from "../options.ts";
import type { Format, View } from "../output.ts";
import { addPromote } from "./promote.ts";

const ARGUMENT = "project/repository:tag or project/repository@digest";

const artifactView: View<Artifact> = {
  name: (artifact) => `${artifact.repository_name}@${artifact.digest}`,
  columns: ({ time, bytes, digest }) => [
    { title: "DIGEST", value: (artifact) => digest(artifact.digest) },
    { title: "TYPE", value: (artifact) => artifact.type },
    { title: "TAGS", value: ({ tags }) => tags.map(({ name }) => name).join(", ") },
    { title: "SIZE", value: (artifact) => bytes(artifact.size), align: "right" },
    { title: "PUSHED", value: (artifact) => time(artifact.push_time) },
  ],
  details,
};

function details(artifact: Artifact, { time, bytes }: Format): (readonly [string, string])[] {
  return [
    ["PULLED", time(artifact.pull_time)],
    ["REPOSITORY", artifact.repository_name],
    ["MEDIA TYPE", artifact.manifest_media_type],
    ["LABELS", artifact.labels.map(({ name }) => name).join(", ")],
    ...artifact.references.map(
      ({ child_digest: digest, platform }) =>
        [
          "HOLDS",
          `${digest}${platform ? ` ${platform.os}/${platform.architecture}` : ""}`,
        ] as const,
    ),
    ...artifact.accessories.map(
      ({ digest, type, size }) => ["ABOUT IT", `${digest} ${type}, ${bytes(size)}`] as const,
    ),
  ];
}

/** Adds `artifact`. */
export function addArtifact(program: Command, cli: Cli): void {
  const artifact = program
    .command("artifact")
    .description("Artifacts of a repository: images, charts, and whatever else was pushed.");

  const list = withListOptions(
    artifact.command("list").description("Lists a repository's artifacts."),
  )
    .argument("<repository>", "project/repository")
    .action(
      action(cli, async (call, name: string, options: ListOptions) => {
        const input = { params: repositoryNamed(name), query: listQuery(options) };
        await call.list(call.api.each(routes.artifacts.list, input), artifactView, options.limit);
      }),
    );
  withExample(list, "$ entrepot artifact list library/hello");

  const show = artifact
    .command("show")
    .description("Shows an artifact.")
    .argument("<artifact>", ARGUMENT)
    .action(
      action(cli, async (call, name: string) => call.one(await read(call, name), artifactView)),
    );
  withExample(show, "$ entrepot artifact show library/hello:latest");

  const copy = artifact
    .command("copy")
    .description("Copies an artifact into another repository, with its tags.")
    .argument("<artifact>", ARGUMENT)
    .argument("<repository>", "project/repository")
    .action(
      action(cli, async (call, from: string, to: string) => {
        const { reference } = artifactNamed(from);
        const params = repositoryNamed(to);
        await call.api.artifacts.copy({ params, query: { from } });
        const copied = `${to}${reference.includes(":") ? "@" : ":"}${reference}`;
        const after = { read: () => read(call, copied), view: artifactView };
        await call.done(`Copied ${from} to ${to}.`, after);
      }),
    );
  withExample(copy, "$ entrepot artifact copy library/hello:latest team/hello");

  addPromote(artifact, cli);

  const remove = withYes(
    artifact.command("delete").description("Deletes an artifact with all its tags."),
  )
    .argument("<artifact>", ARGUMENT)
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const params = artifactNamed(name);
        await call.confirm(`Delete ${name} with all its tags?`, yes);
        await call.api.artifacts.delete({ params });
        await call.done(`Deleted ${name} with all its tags.`);
      }),
    );
  withExample(remove, "$ entrepot artifact delete library/hello:latest");
  addArtifactLabel(artifact, cli, artifactView);
}

async function read({ api }: Call, name: string): Promise<Artifact> {
  const query = { with_accessory: true, with_label: true };
  return (await api.artifacts.get({ params: artifactNamed(name), query })).body;
}

import type { Artifact } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { artifactNamed, labelNamed } from "../names.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";

const ARGUMENT = "project/repository:tag or project/repository@digest";

/** Adds `artifact label`, which shows an artifact afterwards as `view` says. */
export function addArtifactLabel(artifact: Command, cli: Cli, view: View<Artifact>): void {
  const label = artifact
    .command("label")
    .description("Labels of an artifact. Policies with a label filter follow them.");

  const add = label
    .command("add")
    .description("Puts a label on an artifact.")
    .argument("<artifact>", ARGUMENT)
    .argument("<label>", "its name: of the artifact's project, else of the whole registry")
    .action(
      action(cli, async (call, name: string, text: string) => {
        const params = artifactNamed(name);
        const { id } = await labelFor(call, name, text);
        await call.api.artifacts.addLabel({ params, body: { id } });
        await call.done(`${name} is labelled ${text}.`, after(call, name, view));
      }),
    );
  withExample(add, "$ entrepot artifact label add library/hello:latest production");

  const remove = label
    .command("remove")
    .description("Takes a label off an artifact.")
    .argument("<artifact>", ARGUMENT)
    .argument("<label>", "its name")
    .action(
      action(cli, async (call, name: string, text: string) => {
        const params = artifactNamed(name);
        const { id } = await labelFor(call, name, text);
        await call.api.artifacts.removeLabel({ params: { ...params, label_id: id } });
        await call.done(`${name} is not labelled ${text} any more.`, after(call, name, view));
      }),
    );
  withExample(remove, "$ entrepot artifact label remove library/hello:latest production");
}

/** The project's own label comes before one of the whole registry. */
async function labelFor(call: Call, artifact: string, text: string) {
  const { project_id } = (await call.api.artifacts.get({ params: artifactNamed(artifact) })).body;
  try {
    return await labelNamed(call, text, { scope: "p", project_id });
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === "NOT_FOUND")) throw error;
    return labelNamed(call, text, { scope: "g" });
  }
}

function after({ api }: Call, name: string, view: View<Artifact>) {
  const query = { with_accessory: true, with_label: true };
  const read = async () => (await api.artifacts.get({ params: artifactNamed(name), query })).body;
  return { read, view };
}

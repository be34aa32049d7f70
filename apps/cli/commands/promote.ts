import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { followExecution } from "../follow-execution.ts";
import { artifactNamed, registryNamed, repositoryNamed } from "../names.ts";
import { repeated, withExample } from "../options.ts";
import { executionView } from "./execution-view.ts";

interface PromoteOptions {
  readonly registry?: string;
  readonly tag?: readonly string[];
  readonly wait?: boolean;
}

/** Adds `promote` to `artifact`. */
export function addPromote(artifact: Command, cli: Cli): void {
  const promote = artifact
    .command("promote")
    .description("Copies an artifact, with its signatures, to another project or registry.")
    .argument("<artifact>", "project/repository:tag or project/repository@digest")
    .argument("<target>", "project/repository, or project/repository:tag")
    .option("--registry <name>", "to this registry endpoint (its name or id) instead of here")
    .option("--tag <tag>", "its tag there; may be given several times", repeated)
    .option("--wait", "with --registry: wait until it has ended, showing progress")
    .action(
      action(cli, async (call, from: string, to: string, options: PromoteOptions) => {
        const params = artifactNamed(from);
        const [, name = to, tag] = /^([^:@]+):([^:@/]+)$/.exec(to) ?? [];
        repositoryNamed(name);
        const tags = [...(tag === undefined ? [] : [tag]), ...(options.tag ?? [])];
        const registry = options.registry && (await registryNamed(call, options.registry));
        const body = {
          repository: name,
          ...(tags.length > 0 && { tags }),
          ...(registry && { registry_id: registry.id }),
        };
        const { created } = await call.api.artifacts.promote({ params, body });
        if (!registry) return call.done(`Promoted ${from} to ${to}.`);
        const id = Number(created);
        if (options.wait) return followExecution(call, id);
        const read = async () => (await call.api.executions.get({ params: { id } })).body;
        const follow = `'entrepot replication logs ${id} -f' follows it`;
        await call.done(`Promoting ${from} to ${registry.name} as execution ${id}; ${follow}.`, {
          read,
          view: executionView,
        });
      }),
    );
  withExample(
    promote,
    "$ entrepot artifact promote dev/app:1.4 prod/app:1.4 --registry production --wait",
  );
}

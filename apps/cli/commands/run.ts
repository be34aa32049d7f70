import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { policyNamed } from "../names.ts";
import { withExample, wholeNumber } from "../options.ts";
import { followExecution } from "../follow-execution.ts";
import { executionView } from "./execution-view.ts";

interface RunOptions {
  readonly wait?: boolean;
  readonly confirmDeletions?: number;
}

/** Adds `run`, which starts a policy, to `parent`. */
export function addRun(parent: Command, cli: Cli): void {
  const run = parent
    .command("run")
    .description("Runs an enabled policy now: copies all that matches and is not there yet.")
    .argument("<policy>", "its name or id")
    .option("--wait", "wait until it has ended, showing progress; fails if it fails")
    .option(
      "--confirm-deletions <n>",
      "agree to so many deletions, as many as an execution has asked for",
      wholeNumber,
    )
    .action(
      action(cli, async (call, name: string, { wait, confirmDeletions }: RunOptions) => {
        const policy = await policyNamed(call, name);
        const agreed = confirmDeletions ? { confirm_deletions: confirmDeletions } : {};
        const body = { policy_id: policy.id, ...agreed };
        const { created } = await call.api.executions.start({ body });
        const id = Number(created);
        if (wait) return await followExecution(call, id);
        const read = async () => (await call.api.executions.get({ params: { id } })).body;
        await call.done(started(name, id), { read, view: executionView });
      }),
    );
  withExample(run, `$ entrepot ${pathOf(parent)} run mirror --wait`);
}

function started(name: string, id: number): string {
  return `Started ${name} as execution ${id}; 'entrepot replication logs ${id} -f' follows it.`;
}

function pathOf(command: Command): string {
  return command.name() === "policy" ? "replication policy" : command.name();
}

import type { ExecutionStatus, TaskStatus } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { policyNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, oneOf, withExample, withLimit, wholeNumber } from "../options.ts";
import { executionView, taskView } from "./execution-view.ts";

const ENDS = ["Succeed", "Failed", "Stopped"] as const;
const STATUSES = ["InProgress", ...ENDS] as const;
const TASK_STATUSES = ["Pending", "Scheduled", ...STATUSES] as const;

interface ExecutionListOptions extends ListOptions {
  readonly policy?: string;
  readonly status?: ExecutionStatus;
}

interface TaskListOptions extends ListOptions {
  readonly status?: TaskStatus;
}

/** Adds `replication execution` and `replication task`. */
export function addExecution(replication: Command, cli: Cli): void {
  const execution = replication
    .command("execution")
    .description("Executions: runs of policies, newest first.");

  const list = withLimit(execution.command("list").description("Lists runs."))
    .option("--policy <policy>", "only this policy's, by name or id")
    .option("--status <status>", `only these: ${STATUSES.join(", ")}`, oneOf(STATUSES))
    .action(
      action(cli, async (call, options: ExecutionListOptions) => {
        const { policy, status, limit } = options;
        const policy_id = policy === undefined ? undefined : (await policyNamed(call, policy)).id;
        const query = {
          ...listQuery({ limit }),
          ...(policy_id !== undefined && { policy_id }),
          ...(status && { status }),
        };
        await call.list(call.api.each(routes.executions.list, { query }), executionView, limit);
      }),
    );
  withExample(list, "$ entrepot replication execution list --policy mirror --status Failed");

  const show = execution
    .command("show")
    .description("Shows a run.")
    .argument("<execution>", "its id", wholeNumber)
    .action(
      action(cli, async (call, id: number) =>
        call.one((await call.api.executions.get({ params: { id } })).body, executionView),
      ),
    );
  withExample(show, "$ entrepot replication execution show 12");

  const stop = execution
    .command("stop")
    .description("Stops a run; what it has copied stays.")
    .argument("<execution>", "its id", wholeNumber)
    .action(
      action(cli, async (call, id: number) => {
        await call.api.executions.stop({ params: { id } });
        const read = async () => (await call.api.executions.get({ params: { id } })).body;
        await call.done(`Stopped execution ${id}.`, { read, view: executionView });
      }),
    );
  withExample(stop, "$ entrepot replication execution stop 12");

  const retry = execution
    .command("retry")
    .description("Runs what failed of a run that has ended again, and nothing else.")
    .argument("<execution>", "its id", wholeNumber)
    .action(
      action(cli, async (call, id: number) => {
        await call.api.executions.retry({ params: { id } });
        const read = async () => (await call.api.executions.get({ params: { id } })).body;
        await call.done(`Retrying what failed of execution ${id}.`, { read, view: executionView });
      }),
    );
  withExample(retry, "$ entrepot replication execution retry 12");
  addTask(replication, cli);
}

function addTask(replication: Command, cli: Cli): void {
  const task = replication.command("task").description("Tasks: the steps of a run.");
  const list = withLimit(task.command("list").description("Lists the tasks of a run."))
    .argument("<execution>", "its id", wholeNumber)
    .option("--status <status>", `only these: ${TASK_STATUSES.join(", ")}`, oneOf(TASK_STATUSES))
    .action(
      action(cli, async (call, id: number, { status, limit }: TaskListOptions) => {
        const query = { ...listQuery({ limit }), ...(status && { status }) };
        const found = call.api.each(routes.executions.tasks, { params: { id }, query });
        await call.list(found, taskView, limit);
      }),
    );
  withExample(list, "$ entrepot replication task list 12 --status Failed");

  const show = task
    .command("show")
    .description("Shows a task: how far it is, and why it failed.")
    .argument("<execution>", "its run's id", wholeNumber)
    .argument("<task>", "its id", wholeNumber)
    .action(
      action(cli, async (call, id: number, taskId: number) => {
        for await (const one of call.api.each(routes.executions.tasks, { params: { id } })) {
          if (one.id === taskId) return call.one(one, taskView);
        }
        throw new RegistryError("NOT_FOUND", `execution ${id} has no task ${taskId}`);
      }),
    );
  withExample(show, "$ entrepot replication task show 12 40");
}

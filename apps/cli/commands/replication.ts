import type { Command } from "commander";
import type { Cli } from "../call.ts";
import { addConflicts } from "./conflicts.ts";
import { addDiff } from "./diff.ts";
import { addExecution } from "./execution.ts";
import { addLag } from "./lag.ts";
import { addLogs } from "./logs.ts";
import { addPlan } from "./plan.ts";
import { addPolicy } from "./policy.ts";
import { addRun } from "./run.ts";
import { addWait } from "./wait.ts";

/** Adds `replication`, with its policies, runs, tasks and logs. */
export function addReplication(program: Command, cli: Cli): void {
  const replication = program
    .command("replication")
    .description("Replication: copies between this registry and others.");
  addPolicy(replication, cli);
  addPlan(replication, cli);
  addRun(replication, cli);
  addLag(replication, cli);
  addWait(replication, cli);
  addDiff(replication, cli);
  addConflicts(replication, cli);
  addExecution(replication, cli);
  addLogs(replication, cli);
}

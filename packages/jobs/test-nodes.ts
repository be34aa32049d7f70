import { openCatalog, type Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { onTestFinished } from "vitest";
import { type JobsOptions, openJobs, settled } from "./index.ts";
import type { Execution, Jobs, NewTask, TaskHandler, TaskRun } from "./ports.ts";

/** One node: its own connections and its own job service, on the test's database. */
export interface TestNode {
  readonly jobs: Jobs;
  readonly catalog: Catalog;
  /** What its log said. */
  readonly said: string[];
  /** Stores an execution of these tasks. */
  execute(...tasks: (Partial<NewTask> & { kind: string })[]): Promise<number>;
  settled(id: number): Promise<Execution>;
}

/** Opens nodes on a database of this test's own; all are stopped when the test ends. */
export async function testNodes() {
  const { catalog, url, close } = await testCatalog();
  const nodes: TestNode[] = [];
  onTestFinished(async () => {
    await Promise.all(nodes.map(({ jobs }) => jobs.stop(100)));
    await Promise.all(nodes.map((node) => node.catalog.close()));
    await close();
  });
  const open = async (options: Omit<JobsOptions, "catalog"> = {}): Promise<TestNode> => {
    const own = await openCatalog({ url, maxConnections: 6 });
    const said: string[] = [];
    const log = (_level: string, text: string) => void said.push(text);
    const jobs = await openJobs({ catalog: own, log, ...options });
    const node: TestNode = {
      jobs,
      catalog: own,
      said,
      execute: (...tasks) =>
        jobs.execute({
          vendor: "TEST",
          vendorId: 1,
          trigger: "manual",
          actor: "tester",
          tasks: tasks.map((task) => ({ lane: task.kind, payload: {}, ...task })),
        }),
      settled: (id) => settled(jobs, own, id, 25_000),
    };
    nodes.push(node);
    return node;
  };
  return { open, url, catalog };
}

/** A handler that runs `run` and is not tried again, unless `options` say otherwise. */
export function handlerOf(
  kind: string,
  run: (run: TaskRun) => Promise<unknown> | void,
  options: Partial<TaskHandler> = {},
): TaskHandler {
  return {
    kind,
    maxAttempts: 1,
    retryDelayMs: () => null,
    run: async (taskRun) => void (await run(taskRun)),
    ...options,
  };
}

/** Rejects with the signal's reason when it is aborted; never resolves. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    signal.addEventListener("abort", give);
  });
}

import type { TaskHandler } from "@entrepot/jobs";
import type { Policies } from "./policies.ts";
import type { PolicyOptions } from "./policy-options.ts";
import { windowAt } from "./windows.ts";

/** How long a task waits at most before it looks again: windows may have been changed. */
const LOOK_AGAIN_MS = 10 * 60_000;

/** What keeps a policy's tasks from starting outside its windows for runs. */
export function runWindow(
  policies: Pick<Policies, "get">,
  clock: () => Date = () => new Date(),
): NonNullable<TaskHandler["waits"]> {
  return async (task) => {
    const policy = await policies.get(task.payload["policyId"] as number);
    return policy && waitFor(policy.options, clock());
  };
}

/** For how long and why a task does not start at `now`; null if it may. Pure. */
export function waitFor(
  { windows }: Pick<PolicyOptions, "windows">,
  now: Date,
): { delayMs: number; text: string } | null {
  const runs = windows.filter(({ kind }) => kind === "run");
  if (runs.length === 0) return null;
  const { open, changesAt } = windowAt(runs, now);
  if (open.length > 0 || changesAt === null) return null;
  const delayMs = Math.min(changesAt.getTime() - now.getTime(), LOOK_AGAIN_MS);
  return { delayMs, text: `Waits for its policy's next window, at ${changesAt.toISOString()}.` };
}

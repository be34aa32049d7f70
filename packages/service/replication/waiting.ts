import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { keyOf } from "./planner.ts";
import type { PolicyOptions } from "./policy-options.ts";
import { windowAt } from "./windows.ts";

/** Why a name has not arrived. */
export type WaitingCause =
  | "disabled"
  | "endpoint"
  | "failed"
  | "queued"
  | "refused"
  | "running"
  | "stopped"
  | "unplanned"
  | "window";

/** How the last error of a name begins that was stopped; the execution's id follows. */
export const STOPPED = "stopped with execution";

/** A name that has not arrived. */
export interface WaitingRow {
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly wanted: string | null;
  readonly arrived: string | null;
  readonly wantedSince: Date;
  readonly attempts: number;
  readonly nextAttempt: Date | null;
  /** Stopped by somebody, or a deletion refused, until it changes or its policy runs again. */
  readonly stopped: boolean;
  readonly lastError: string | null;
}

/** The same, and why. */
export interface Waiting extends WaitingRow {
  readonly cause: WaitingCause;
  /** In words. */
  readonly why: string;
}

/** A name that has not arrived, with what is known of its policy and endpoint. */
export interface Unexplained {
  readonly endpointId: number;
  readonly endpointName: string;
  readonly push: boolean;
  readonly enabled: boolean;
  readonly options: PolicyOptions;
  /** The endpoint's. */
  readonly status: string;
  readonly statusText: string;
  readonly row: WaitingRow;
}

/** Why each of `names` has not arrived, in their order; one statement for all of them. */
export async function waitingReasons(
  db: Kysely<Database>,
  names: readonly Unexplained[],
  now: Date = new Date(),
): Promise<Waiting[]> {
  const lanes = names.map(laneOf);
  const open = new Map<string, string>();
  if (lanes.length > 0) {
    const { rows } = await sql<{ lane: string; running: boolean }>`
      SELECT lane, bool_or(status = 'Running') AS running FROM task
      WHERE lane = ANY(${lanes}::text[]) AND status IN ('Pending', 'Scheduled', 'Running')
      GROUP BY lane
    `.execute(db);
    for (const { lane, running } of rows) open.set(lane, running ? "running" : "queued");
  }
  return names.map((name, i) => ({ ...name.row, ...reasonOf(name, open.get(lanes[i]!), now) }));
}

/** As tasks have it. */
function laneOf({ push, endpointId, row: { target, reference } }: Unexplained): string {
  return `${push ? endpointId : "local"}/${keyOf({ repository: target, reference })}`;
}

function reasonOf(
  name: Unexplained,
  task: string | undefined,
  now: Date,
): Pick<Waiting, "cause" | "why"> {
  const { row, endpointName } = name;
  if (!name.enabled) return { cause: "disabled", why: "its policy is disabled" };
  if (task === "running") return { cause: "running", why: "a task is at work on it" };
  if (row.stopped) {
    if (row.lastError?.startsWith(STOPPED) ?? true) {
      return { cause: "stopped", why: row.lastError ?? "its run was stopped; run it again" };
    }
    const until = "not asked again until the endpoint is edited or the policy runs";
    return { cause: "refused", why: `${row.lastError}; ${until}` };
  }
  if (name.status === "unhealthy") {
    const why = name.statusText === "" ? "" : `: ${name.statusText}`;
    return { cause: "endpoint", why: `endpoint ${endpointName} is unhealthy${why}` };
  }
  const window = closedWindow(name, now);
  if (window !== null) return { cause: "window", why: window };
  if (row.lastError !== null) {
    const again = row.nextAttempt ? `; tried again after ${row.nextAttempt.toISOString()}` : "";
    return { cause: "failed", why: `${row.lastError}${again}` };
  }
  if (task === "queued") return { cause: "queued", why: "its task waits for a worker" };
  return { cause: "unplanned", why: "no task works on it yet; catching up takes it up" };
}

function closedWindow({ options }: Unexplained, now: Date): string | null {
  const windows = options.windows.filter((window) => window.kind === "run");
  if (windows.length === 0) return null;
  const { open, changesAt } = windowAt(windows, now);
  if (open.length > 0) return null;
  const until = changesAt ? `, which opens at ${changesAt.toISOString()}` : "";
  return `it waits for the policy's time window${until}`;
}

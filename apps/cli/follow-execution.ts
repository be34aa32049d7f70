import type { Execution, Task } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Call } from "./call.ts";
import { executionView } from "./commands/execution-view.ts";
import { counted, formatBytes, formatSeconds } from "./format.ts";
import { pause } from "./pause.ts";
import { printable } from "./printable.ts";
import { type Progress, progressLine } from "./progress.ts";

const POLL_MS = 300;
/** How many times longer than a look took it is waited for the next: no more load than that. */
const REST = 5;
/** How long a server may be away, as when it is started anew. */
const PATIENCE_MS = 60_000;
/** How many failed tasks a summary names. */
const MAX_REASONS = 10;

interface Look {
  readonly execution: Execution;
  readonly tasks: readonly Task[];
}

/**
 * Shows progress of an execution until it has ended, then its summary. Throws UNKNOWN if it failed
 * or was stopped, UNREACHABLE if the server stays away for a minute. Ctrl-C ends only the watching.
 */
export async function followExecution(call: Call, id: number): Promise<void> {
  const line = progressLine(call.terminal);
  let end: Look;
  try {
    end = await ended(call, id, line);
  } catch (error) {
    if (!call.signal.aborted) throw error;
    line.note(`Execution ${id} goes on; 'entrepot replication execution stop ${id}' ends it.`);
    throw error;
  } finally {
    line.clear();
  }
  if (call.form === "table") call.terminal.write(`${summaryOf(end)}\n`);
  else call.one(end.execution, executionView);
  const { status, status_text } = end.execution;
  if (status === "Succeed") return;
  for (const reason of reasonsOf(end.tasks)) call.terminal.note(reason);
  const why = status_text === "" ? "" : `: ${status_text}`;
  const what = status === "Stopped" ? "was stopped" : "failed";
  throw new RegistryError(
    "UNKNOWN",
    `execution ${id} ${what}${why}; 'entrepot replication logs ${id}' tells more`,
  );
}

async function ended(call: Call, id: number, line: ReturnType<typeof progressLine>): Promise<Look> {
  let lastSeen = performance.now();
  while (true) {
    const start = performance.now();
    const look = await lookAt(call, id).catch((error: unknown) => {
      if (!mayComeBack(error) || performance.now() - lastSeen > PATIENCE_MS) throw error;
      return null;
    });
    const now = performance.now();
    if (look) {
      if (look.execution.status !== "InProgress") return look;
      line.show(progressOf(look));
      lastSeen = now;
    } else {
      line.note(`${call.server} does not answer; trying again`);
    }
    await pause(Math.max(look ? POLL_MS : 2000, (now - start) * REST), call.signal);
  }
}

async function lookAt({ api }: Call, id: number): Promise<Look> {
  const params = { id };
  const { body: execution } = await api.executions.get({ params });
  const tasks = await Array.fromAsync(api.each(routes.executions.tasks, { params, query: {} }));
  return { execution, tasks };
}

function mayComeBack(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  return error.code === "UNREACHABLE" || error.code === "UNAVAILABLE";
}

/** How far it is. Bytes in all are known when each task that copies has been started. */
function progressOf({ execution, tasks }: Look): Progress {
  const copies = tasks.filter(({ operation }) => operation === "copy");
  const known = copies.every(({ bytes_total: total }) => total !== undefined);
  return {
    done: execution.succeed,
    failed: execution.failed,
    total: execution.total,
    bytesSent: sum(copies.map(({ bytes_sent: sent }) => sent)),
    bytesTotal: known ? sum(copies.map(({ bytes_total: total = 0 }) => total)) : null,
  };
}

/** `Execution 3 succeeded: 7 tasks, 120 MiB in 4.2 s.` */
function summaryOf({ execution, tasks }: Look): string {
  const { id, status, total, failed, stopped } = execution;
  const word = status === "Succeed" ? "succeeded" : status.toLowerCase();
  const parts = [counted(total, "task")];
  if (failed > 0) parts.push(`${failed} failed`);
  if (stopped > 0) parts.push(`${stopped} stopped`);
  const end = execution.end_time ?? execution.start_time;
  const seconds = Math.max(0, Date.parse(end) - Date.parse(execution.start_time)) / 1000;
  const bytes = sum(tasks.map(({ bytes_sent: sent }) => sent));
  parts.push(`${formatBytes(bytes)} in ${formatSeconds(seconds)}`);
  return `Execution ${id} ${word}: ${parts.join(", ")}.`;
}

function reasonsOf(tasks: readonly Task[]): string[] {
  const failed = tasks.filter(({ status }) => status === "Failed");
  const named = failed
    .slice(0, MAX_REASONS)
    .map(({ id, operation, src_resource, status_text }) =>
      printable(`task ${id} (${operation} ${src_resource}) failed: ${status_text}`),
    );
  const rest = failed.length - named.length;
  return rest > 0 ? [...named, `… and ${rest} more`] : named;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

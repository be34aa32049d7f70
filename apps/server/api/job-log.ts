import { setTimeout as sleep } from "node:timers/promises";
import type { LogQuery } from "@entrepot/api";
import type { Jobs, LogLine, TaskStatus } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ApiOptions, Env } from "./app.ts";
import { untilRevoked, type Watch } from "./until-revoked.ts";

/** Logs followed at a time, per node. */
const MAX_FOLLOWED = 200;
const POLL_MS = 500;
/** After so many looks without news a comment is sent, so that nobody takes the line for dead. */
const QUIET_LOOKS = 30;
const BATCH = 1_000;

const ENDED: ReadonlySet<TaskStatus> = new Set(["Success", "Error", "Stopped"]);

let followed = 0;

/**
 * Answers with the log of a task that exists: text, or events where somebody follows it. Throws
 * TOOMANYREQUESTS if too many follow already.
 */
export async function answerLog(
  context: Context<Env>,
  options: Pick<ApiOptions, "jobs" | "closing" | "access" | "publicUrl">,
  taskId: number,
  query: z.output<typeof LogQuery>,
): Promise<never> {
  const { jobs, closing } = options;
  const accepts = context.req.header("accept")?.includes("text/event-stream") ?? false;
  if (query.follow || accepts) {
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    // Whoever asks for the headers reads no body: nothing would ever end it.
    if (context.req.method === "HEAD") return new Response(null, { headers }) as never;
    if (followed >= MAX_FOLLOWED) {
      const message = `this node follows ${MAX_FOLLOWED} logs already; ask again later`;
      throw new RegistryError("TOOMANYREQUESTS", message);
    }
    const after = Math.max(query.after, Number(context.req.header("last-event-id")) || 0);
    const watch = untilRevoked(options, context);
    const end = AbortSignal.any(closing ? [watch.signal, closing] : [watch.signal]);
    const events = ReadableStream.from(eventsOf(jobs, { taskId, after, end, watch }));
    const body = events.pipeThrough(new TextEncoderStream());
    return new Response(body, { headers }) as never;
  }
  const lines = await jobs.taskLog(taskId, query.after, query.limit);
  context.header("X-Log-Last", String(lines.at(-1)?.id ?? query.after));
  const text = lines.map((line) => `${line.at.toISOString()} [${line.level}] ${line.text}\n`);
  return context.text(text.join(""), 200) as never;
}

interface Followed {
  readonly taskId: number;
  /** The last line that the caller knows. */
  readonly after: number;
  readonly end: AbortSignal;
  readonly watch: Watch;
}

/** The lines of a task's log as server-sent events, until it has ended, or `end`. */
async function* eventsOf(
  jobs: Pick<Jobs, "task" | "taskLog">,
  { taskId, after, end, watch }: Followed,
): AsyncGenerator<string> {
  followed++;
  const stopWatching = watch.begin();
  try {
    let last = after;
    for (let quiet = 1; !end.aborted; quiet++) {
      // Asked before its lines, so that none can be missed.
      const task = await jobs.task(taskId);
      const lines = await jobs.taskLog(taskId, last, BATCH);
      yield* lines.map(lineEvent);
      last = lines.at(-1)?.id ?? last;
      if (lines.length > 0) quiet = 0;
      if (lines.length === BATCH) continue;
      if (!task || ENDED.has(task.status)) {
        yield `event: end\ndata: ${JSON.stringify({ status: task?.status ?? "Stopped" })}\n\n`;
        return;
      }
      if (quiet % QUIET_LOOKS === 0) yield ": nothing new\n\n";
      await sleep(POLL_MS, undefined, { ref: false, signal: end }).catch(() => {});
    }
  } finally {
    stopWatching();
    followed--;
  }
}

function lineEvent({ id, at, level, text }: LogLine): string {
  const data = JSON.stringify({ id, time: at.toISOString(), level, text });
  return `event: line\nid: ${id}\ndata: ${data}\n\n`;
}

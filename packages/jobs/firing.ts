import type { Catalog } from "@entrepot/catalog";
import type { Firing } from "./claim.ts";
import type { JobsLog } from "./jobs-log.ts";
import type { ScheduleHandler } from "./ports.ts";
import type { Queue } from "./queue.ts";

const MAX_TRIES = 3;
const RETRY_MS = 30_000;

/** What firing needs. */
export interface FiringContext {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly queue: Pick<Queue, "insert" | "remove">;
  readonly scheduleHandlers: ReadonlyMap<string, ScheduleHandler>;
  readonly log: JobsLog;
}

/**
 * Calls the handler of a due schedule. If it throws, it is called again after 30 s, three times in
 * all, on any node; then it is left to the schedule's next time.
 */
export async function fire(context: FiringContext, firing: Firing): Promise<void> {
  const { catalog, queue, scheduleHandlers, log } = context;
  const { vendor, vendorId, ticket } = firing;
  let tries = firing.tries;
  let failed = true;
  try {
    const handler = scheduleHandlers.get(vendor);
    if (!handler) throw new Error(`this node has no handler for ${vendor}`);
    await handler(vendorId);
    failed = false;
  } catch (error) {
    tries++;
    const next = tries < MAX_TRIES ? "it is tried again soon" : "its next time is waited for";
    log("error", `The scheduled run of ${vendor} ${vendorId} failed, ${next}: ${String(error)}`);
  }
  await catalog.transaction(async (db) => {
    await queue.remove(db, [ticket.id]);
    if (!failed || tries >= MAX_TRIES) return;
    const again = { schedule: { vendor, vendorId, tries } };
    await queue.insert(db, [{ data: again, delayMs: RETRY_MS }]);
  });
}

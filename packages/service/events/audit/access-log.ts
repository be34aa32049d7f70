import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords } from "./chain.ts";
import type { Signer } from "./signer.ts";

/** What is not in the journal: who came from where, and what was refused. */
export interface AccessLog {
  /** Costs nothing and never fails. What is too much is dropped and counted. */
  note(event: AuditEvent): void;
  /** Records what was noted so far. */
  flush(): Promise<void>;
  /** Events that were dropped since this process began. */
  dropped(): number;
  close(): Promise<void>;
}

/** Events that wait to be recorded. */
const MOST_WAITING = 20_000;
const AT_ONCE = 500;
const FLUSH_MS = 1_000;

/**
 * Gathers events in memory and records them once a second, so that no request waits for it: those
 * of the last second are lost with a process that is killed. Where more come than can be recorded,
 * a record says how many were not.
 */
export function openAccessLog(
  catalog: Pick<Catalog, "transaction">,
  signer: Signer,
  onError: (error: unknown) => void,
): AccessLog {
  let waiting: AuditEvent[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let [dropped, told] = [0, 0];

  const store = (events: readonly AuditEvent[]): Promise<void> =>
    catalog.transaction(async (db) => {
      const requests = events.filter(
        ({ kind, result }) => kind === "request" && result === "success",
      );
      const causes = [...new Set(requests.map(({ cause }) => cause))];
      const { rows } = await sql<{ cause: string }>`
        SELECT DISTINCT cause FROM journal WHERE cause = ANY(${causes}::text[])`.execute(db);
      const journalled = new Set(rows.map(({ cause }) => cause));
      const recorded = events.map((event) =>
        requests.includes(event) && journalled.has(event.cause)
          ? { ...event, kind: "access" as const }
          : event,
      );
      await appendRecords(db, signer, recorded);
    });

  const flush = (): Promise<void> =>
    (flushing = flushing.then(async () => {
      const events = waiting;
      waiting = [];
      if (dropped > told) {
        events.push(droppedEvent(dropped - told));
        told = dropped;
      }
      for (let i = 0; i < events.length; i += AT_ONCE) {
        const some = events.slice(i, i + AT_ONCE);
        await store(some).catch((error) => {
          dropped += some.length;
          onError(error);
        });
      }
    }));
  const timer = setInterval(() => {
    if (waiting.length > 0 || dropped > told) void flush();
  }, FLUSH_MS);
  timer.unref();

  return {
    note(event) {
      if (waiting.length < MOST_WAITING) waiting.push(event);
      else dropped++;
    },
    flush,
    dropped: () => dropped,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function droppedEvent(events: number): AuditEvent {
  return {
    at: new Date(),
    kind: "audit",
    operation: "drop",
    resourceType: "audit",
    resource: "audit",
    project: null,
    actor: "system:audit",
    address: "",
    userAgent: "",
    result: "failure",
    cause: "audit",
    seq: null,
    detail: { events, why: "more came than could be recorded, or the database did not answer" },
  };
}

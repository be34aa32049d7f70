import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords } from "./append-records.ts";
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
 * of the last second are lost with a process that is killed. What could not be recorded is tried
 * again with the next ones. Where more come than can be recorded, a record says how many were not.
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
      const { rows } = await sql<{ cause: string; actor: string }>`
        SELECT DISTINCT cause, actor FROM journal
        WHERE cause = ANY(${causes}::text[])`.execute(db);
      // Whoever asks chooses the cause, and may choose another's.
      const journalled = new Set(rows.map(nameOf));
      const recorded = events.map((event) =>
        requests.includes(event) && journalled.has(nameOf(event))
          ? { ...event, kind: "access" as const }
          : event,
      );
      await appendRecords(db, signer, recorded);
    });

  const flush = (): Promise<void> =>
    (flushing = flushing.then(async () => {
      const events = waiting;
      waiting = [];
      const upTo = dropped;
      const drop = upTo > told ? droppedEvent(upTo - told) : null;
      if (drop) events.push(drop);
      const failed: AuditEvent[] = [];
      for (let i = 0; i < events.length; i += AT_ONCE) {
        const some = events.slice(i, i + AT_ONCE);
        try {
          await store(some);
          if (drop && some.includes(drop)) told = upTo;
        } catch (error) {
          failed.push(...some.filter((event) => event !== drop));
          onError(error);
        }
      }
      const again = [...failed, ...waiting];
      waiting = again.slice(0, MOST_WAITING);
      dropped += again.length - waiting.length;
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

function nameOf({ cause, actor }: { readonly cause: string; readonly actor: string }): string {
  return JSON.stringify([cause, actor]);
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

import { randomUUID } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import type { HookEvent } from "./hook-event.ts";
import { listenersTo, tell, type TellContext } from "./tell.ts";

/** A manifest that was fetched. */
export interface Pull {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly operator: string;
}

/** Takes note of pulls. */
export interface Pulls {
  /** Costs nothing and never fails: what is too much is not told. */
  note(pull: Pull): void;
  /** Tells what was noted so far. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Pulls that wait to be told; what comes beyond is dropped. */
const MOST_WAITING = 10_000;
const AT_ONCE = 500;
const FLUSH_MS = 1_000;

/**
 * Tells webhooks of pulls, best effort: they are gathered in memory and stored once a second, so
 * those of the last second are lost with the process, and a flood is told in part. Everything else
 * that webhooks are told comes from the journal.
 */
export function openPulls(
  catalog: Pick<Catalog, "transaction">,
  context: TellContext,
  onError: (error: unknown) => void,
): Pulls {
  let waiting: (Pull & { at: Date })[] = [];
  let flushing: Promise<void> = Promise.resolve();

  /** False if nobody wants to be told. */
  const store = (pulls: typeof waiting): Promise<boolean> =>
    catalog.transaction(async (db) => {
      const listeners = await listenersTo(db, ["PULL_ARTIFACT"]);
      if (listeners.length === 0) return false;
      const tellings = pulls.flatMap((pull) => {
        const project = pull.repository.split("/", 1)[0]!;
        const event: HookEvent = {
          id: `pull:${randomUUID()}`,
          type: "PULL_ARTIFACT",
          at: pull.at,
          operator: pull.operator,
          project,
          about: {
            repository: pull.repository,
            resources: [{ digest: pull.digest, tag: pull.tag }],
          },
        };
        return listeners
          .filter((listener) => listener.project === null || listener.project === project)
          .map((webhook) => ({ webhook, event }));
      });
      await tell(context, db, tellings);
      return true;
    });
  const flush = (): Promise<void> =>
    (flushing = flushing.then(async () => {
      const pulls = waiting;
      waiting = [];
      for (let i = 0; i < pulls.length; i += AT_ONCE) {
        const isHeard = await store(pulls.slice(i, i + AT_ONCE)).catch(onError);
        if (isHeard === false) return;
      }
    }));
  const timer = setInterval(() => {
    if (waiting.length > 0) void flush();
  }, FLUSH_MS);
  timer.unref();

  return {
    note(pull) {
      if (waiting.length < MOST_WAITING) waiting.push({ ...pull, at: new Date() });
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

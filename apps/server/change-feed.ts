import type { Catalog, JournalEntry, JournalKind } from "@entrepot/catalog";
import type { Jobs, StatusChange } from "@entrepot/jobs";

/** What has happened, as open pages are told. */
export type Happened =
  | {
      readonly event: "change";
      readonly seq: number;
      readonly at: string;
      readonly kind: JournalKind;
      readonly key: string;
      readonly isGone: boolean;
      readonly cause: string;
      /** Of kinds whose key does not begin with their project. */
      readonly project: string | null;
    }
  | { readonly event: "execution"; readonly at: string; readonly change: StatusChange };

/** What happens on all nodes, read once for all who follow it on this one. */
export interface ChangeFeed {
  /**
   * Calls `listener` with what happens from now on, in order. Resolves when nothing that is
   * committed afterwards can be missed, with the call that ends it.
   */
  follow(listener: (happened: readonly Happened[]) => void): Promise<() => void>;
}

const EXECUTIONS = "entrepot_execution_status";
const BATCH = 500;

/** A feed of `catalog`'s journal and `jobs`' executions. It reads only while somebody follows. */
export function openChangeFeed(
  catalog: Pick<Catalog, "entries" | "head" | "onCommit" | "listen" | "notify" | "now">,
  jobs: Pick<Jobs, "onStatus">,
  onError: (error: unknown) => void,
): ChangeFeed {
  const listeners = new Set<(happened: readonly Happened[]) => void>();
  const tell = (happened: readonly Happened[]) => {
    for (const listener of listeners) listener(happened);
  };
  jobs.onStatus((change, db) => catalog.notify(EXECUTIONS, JSON.stringify(change), db));

  let seq: Promise<number> | null = null;
  let ends: (() => void)[] = [];
  const readOn = async (from: number): Promise<number> => {
    for (let last = from; ;) {
      const entries = await catalog.entries(last, BATCH);
      last = entries.at(-1)?.seq ?? last;
      if (entries.length > 0) tell(entries.map(happenedOf));
      if (entries.length < BATCH) return last;
    }
  };
  const look = () => {
    if (!seq) return;
    seq = seq.then((from) => readOn(from).catch((error) => (onError(error), from)));
    // A head that cannot be read is told by `begin`, to whoever follows.
    seq.catch(() => {});
  };
  const begin = () => {
    seq = catalog.head();
    seq.catch(stop);
    ends = [
      catalog.onCommit(look),
      catalog.listen(EXECUTIONS, (payload) => {
        const change = JSON.parse(payload) as StatusChange;
        tell([{ event: "execution", at: catalog.now().toISOString(), change }]);
      }),
    ];
  };
  const stop = () => {
    for (const end of ends) end();
    ends = [];
    seq = null;
  };

  return {
    async follow(listener) {
      listeners.add(listener);
      if (!seq) begin();
      const leave = () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
      await seq!.catch((error) => {
        leave();
        throw error;
      });
      return leave;
    },
  };
}

/** What is told of `entry`. */
export function happenedOf(entry: JournalEntry): Happened & { event: "change" } {
  const { seq, at, kind, key, after, cause } = entry;
  const project = typeof after?.["project"] === "string" ? after["project"] : null;
  const isGone = after === null;
  return { event: "change", seq, at: at.toISOString(), kind, key, isGone, cause, project };
}

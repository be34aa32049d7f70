import { randomUUID } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import type { Pacing } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import { sql } from "kysely";
import { planPrune, pruneBackup } from "../backup/prune-backup.ts";
import { takeBackup } from "../backup/take-backup.ts";
import { type Kept, readChains, readKept } from "../backup/target-objects.ts";
import type { Tip } from "../backup/targets.ts";

const EVERY_MS = 3_000;
/** What is no name, and therefore in no journal, follows within this. */
const QUIET_MS = 60_000;
const AFTER_FAILURE_MS = 30_000;
/** Longer than a pause of the process; short, since nobody else writes until it has run out. */
const LEASE_S = 20;
const SNAPSHOT_EVERY_MS = 7 * 24 * 3_600_000;
/** The newest one may turn out to be damaged. */
const KEPT_SNAPSHOTS = 2;

/** What the archive is opened with. */
export interface NameArchiveOptions {
  readonly catalog: Catalog;
  /** In the blob store, beside the blobs. */
  readonly objects: ObjectStore;
  readonly onError: (error: unknown) => void;
  readonly pacing?: Pacing | undefined;
  /** How often it is looked whether there is something new. */
  readonly everyMs?: number | undefined;
}

/** The names, written beside the blobs, so that the storage alone can rebuild a lost database. */
export interface NameArchive {
  start(): void;
  /** Writes what is new now, if this node is the one that writes; else false. */
  write(): Promise<boolean>;
  /** Ends, having written what is new once more. */
  close(): Promise<void>;
}

/** Opens the archive: a backup target of names only. One node at a time writes it. */
export function openNameArchive(options: NameArchiveOptions): NameArchive {
  const { catalog, onError, everyMs = EVERY_MS } = options;
  const lease = leaseOf(catalog, randomUUID());
  const stopped = new AbortController();
  const { write, ...writer } = writerOf(options, lease);
  let lookedAt = -Infinity;
  let failedAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> | null = null;

  const look = async (): Promise<void> => {
    const now = performance.now();
    if (now - failedAt < AFTER_FAILURE_MS) return;
    const isNew = (await catalog.head()) !== writer.seq();
    if (!isNew && now - lookedAt < QUIET_MS) return void (await lease.take());
    if (await write(stopped.signal)) lookedAt = performance.now();
    failedAt = -Infinity;
  };

  return {
    write: () => write(),
    start() {
      timer = setInterval(() => {
        writing ??= look()
          .catch((error: unknown) => {
            failedAt = performance.now();
            if (!stopped.signal.aborted) onError(explained(error));
          })
          .finally(() => (writing = null));
      }, everyMs);
    },
    async close() {
      clearInterval(timer);
      stopped.abort();
      await writing;
      // What came since the last look would be lost with a database that does not come back.
      if (timer !== undefined) await write().catch((error: unknown) => onError(explained(error)));
      await lease.release();
    },
  };
}

/** Writes what is new, remembering where it ended. */
function writerOf(
  { catalog, objects, pacing }: NameArchiveOptions,
  lease: ReturnType<typeof leaseOf>,
) {
  const seen = new Map<string, string>();
  let tip: Kept | null = null;
  const bring = async (signal?: AbortSignal): Promise<void> => {
    // Without knowing where it ended, nothing is known of what was written.
    if (tip === null) seen.clear();
    const taken = await takeBackup({
      catalog,
      store: null,
      objects,
      pacing,
      recipients: [],
      snapshotEveryMs: SNAPSHOT_EVERY_MS,
      seen,
      tip: tip ?? (await lastWritten(catalog, objects)),
      hold: async () => undefined,
      stillAlone: lease.check,
      signal,
    });
    tip = taken.kept;
    if (taken.added === null) return;
    const { snapshot, n, to, at } = tip.manifest;
    await note(catalog, { tip: JSON.stringify({ snapshot, n, seq: to, at }), last_error: "" });
    if (n > 0) return;
    const chains = await readChains(objects);
    await pruneBackup(objects, planPrune(chains, { last: KEPT_SNAPSHOTS }, catalog.now()), signal);
  };

  const write = async (signal?: AbortSignal): Promise<boolean> => {
    if (!(await lease.take())) {
      tip = null;
      return false;
    }
    try {
      await bring(signal);
      return true;
    } catch (error) {
      tip = null;
      const text = error instanceof Error ? error.message : String(error);
      if (!signal?.aborted) await note(catalog, { last_error: text.slice(0, 1_000) });
      throw error;
    }
  };
  /** The seq up to which it has written; null: it does not know. */
  return { write, seq: () => tip?.manifest.to ?? null };
}

/** Where the last writer ended, by one read: else the whole chain would have to be. */
async function lastWritten({ db }: Catalog, objects: ObjectStore): Promise<Kept | null> {
  const row = await db.selectFrom("name_archive").select("tip").executeTakeFirst();
  const tip = row?.tip as Tip | null | undefined;
  return tip ? await readKept(objects, tip.snapshot, tip.n) : null;
}

async function note(
  { db }: Catalog,
  row: { readonly tip?: string; readonly last_error: string },
): Promise<void> {
  await db.updateTable("name_archive").set(row).execute();
}

/** The right to write, of one node: kept while it runs, so that it knows where it ended. */
function leaseOf({ db }: Catalog, holder: string) {
  const take = async (): Promise<boolean> => {
    const { rows } = await sql`
      UPDATE name_archive SET lease_holder = ${holder},
        lease_until = now() + ${LEASE_S} * interval '1 second'
      WHERE lease_holder = ${holder} OR lease_until IS NULL OR lease_until < now()
      RETURNING single`.execute(db);
    return rows.length > 0;
  };
  return {
    take,
    async check() {
      if (await take()) return;
      throw new RegistryError("CONFLICT", "another node has begun to write the archive of names");
    },
    async release() {
      await sql`UPDATE name_archive SET lease_holder = NULL, lease_until = NULL
        WHERE lease_holder = ${holder}`.execute(db);
    },
  };
}

function explained(error: unknown): unknown {
  const why = error instanceof Error ? error.message : String(error);
  const message =
    `the archive of names in the storage is not written (${why}). If the database was lost, ` +
    "'entrepot rebuild' brings it back from there; else move the storage's folder names/ away";
  return new RegistryError("UNAVAILABLE", message, { cause: error });
}

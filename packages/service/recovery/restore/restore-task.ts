import type { Actor, Catalog } from "@entrepot/catalog";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import type { Digest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql } from "kysely";
import { knownSizes } from "./content-facts.ts";
import type { Image, RestorableKind, Sizes } from "./ports.ts";

/** The kind of the task that carries a plan out. */
export const RESTORE_TASK = "restore";

/** Names put back in one commit: few enough that pushes meanwhile do not wait. */
const BATCH = 1_000;
const AT_ONCE = 32;
/** Names that a task's log tells why they were left. */
const MOST_TOLD = 100;

/** What the task works with. */
export interface RestoreTaskOptions {
  readonly catalog: Catalog;
  readonly store: Pick<BlobStore, "stat">;
  readonly kinds: ReadonlyMap<string, RestorableKind>;
}

/**
 * Carries out a plan, batch by batch: each is one commit that also notes what has been done, so
 * that it may be broken off at any point and run again. It makes no choices: a name that is neither
 * what it shall be nor what it was when the plan was made is left.
 */
export function restoreTask(options: RestoreTaskOptions): TaskHandler {
  return {
    kind: RESTORE_TASK,
    maxAttempts: 3,
    retryDelayMs: (_, attempt) => 1_000 * attempt,
    run: (run) => carryOut(options, run),
  };
}

/** A place in a plan's order. What is before it has been done, and is not looked at again. */
interface Place {
  readonly phase: number;
  readonly rank: number;
  readonly key: string;
}

const BEGINNING: Place = { phase: -1, rank: 0, key: "" };

interface Batch {
  readonly last: Place;
  readonly done: number;
  readonly left: readonly { readonly name: string; readonly why: string }[];
  readonly kind: string;
}

async function carryOut(options: RestoreTaskOptions, run: TaskRun): Promise<void> {
  const { catalog } = options;
  const { planId, actor: name } = run.task.payload as { planId: number; actor: string };
  const actor = { name, cause: `execution:${run.execution.id}` };
  const { total } = await catalog.db
    .selectFrom("restore_item")
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .where("plan_id", "=", planId)
    .where("verdict", "in", ["create", "change", "remove"])
    .executeTakeFirstOrThrow();
  let told = 0;
  let [done, after] = [await countOf(catalog, planId), BEGINNING];
  for (;;) {
    run.signal.throwIfAborted();
    run.draining.throwIfAborted();
    const batch = await nextBatch(options, planId, actor, after);
    if (!batch) break;
    after = batch.last;
    done += batch.done;
    for (const { name: key, why } of batch.left) {
      if (told++ < MOST_TOLD) run.log("warn", `${batch.kind} ${key} is left as it is: ${why}`);
    }
    run.progress({ stage: batch.kind, done, total: Number(total) });
  }
  await catalog.db.deleteFrom("history_hold").where("holder", "=", `restore:${planId}`).execute();
  run.log("info", `done: ${done} of ${total} names, ${told} left`);
}

/** Puts back the next names of one kind. Null when there are none any more. */
function nextBatch(
  { catalog, store, kinds }: RestoreTaskOptions,
  planId: number,
  actor: Actor,
  after: Place,
): Promise<Batch | null> {
  return catalog.commit(actor, async (commit) => {
    const { rows } = await sql<Item>`
      SELECT kind, key, phase, rank, wanted, present, source FROM restore_item
      WHERE plan_id = ${planId} AND outcome IS NULL AND verdict IN ('create', 'change', 'remove')
        AND (phase, rank, key) > (${after.phase}, ${after.rank}::bigint, ${after.key})
      ORDER BY phase, rank, key LIMIT ${BATCH} FOR UPDATE
    `.execute(commit.db);
    const kind = rows[0]?.kind;
    if (kind === undefined) return null;
    const names = rows.slice(0, upTo(rows, kind));
    const sizes: Sizes = async (digests) => {
      const known = await knownSizes(commit.db, planId, digests);
      const unknown = digests.filter((digest) => !known.has(digest));
      await eachOf(unknown, AT_ONCE, async (digest: Digest) => {
        const size = await store.stat(digest);
        if (size !== null) known.set(digest, size);
      });
      return known;
    };
    const left = await kinds.get(kind)!.restore(commit, names, { sizes, actor });
    await sql`
      UPDATE restore_item SET outcome = CASE WHEN k.why IS NULL THEN 'done' ELSE 'left' END,
        why = k.why
      FROM unnest(${names.map(({ key }) => key)}::text[], ${left}::text[]) AS k (key, why)
      WHERE plan_id = ${planId} AND kind = ${kind} AND restore_item.key = k.key
    `.execute(commit.db);
    const told = names.flatMap(({ key: name }, n) =>
      left[n] === null ? [] : [{ name, why: left[n]! }],
    );
    return { kind, done: names.length - told.length, left: told, last: names.at(-1)! };
  });
}

interface Item extends Place {
  readonly kind: string;
  readonly wanted: Image;
  readonly present: Image;
  readonly source: string | null;
}

/** How many of `rows` come before another kind begins. */
function upTo(rows: readonly { readonly kind: string }[], kind: string): number {
  const other = rows.findIndex((row) => row.kind !== kind);
  return other === -1 ? rows.length : other;
}

async function countOf({ db }: Catalog, planId: number): Promise<number> {
  const { done } = await db
    .selectFrom("restore_item")
    .select(({ fn }) => fn.countAll<number>().as("done"))
    .where("plan_id", "=", planId)
    .where("outcome", "=", "done")
    .executeTakeFirstOrThrow();
  return Number(done);
}

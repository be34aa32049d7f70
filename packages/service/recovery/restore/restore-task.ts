import type { Actor, Catalog, Commit } from "@entrepot/catalog";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import type { Digest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql } from "kysely";
import { isCalm, noteCalm } from "../backup/calm-down.ts";
import { knownSizes } from "./content-facts.ts";
import { readRestorePlan } from "./stored-plan.ts";
import { bringContent } from "./from-backup.ts";
import type {
  Image,
  OpenBackup,
  PauseReplication,
  RestorableKind,
  RestorePlan,
  Sizes,
} from "./ports.ts";

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
  readonly store: Pick<BlobStore, "stat" | "start">;
  readonly kinds: ReadonlyMap<string, RestorableKind>;
  readonly openBackup?: OpenBackup | undefined;
  readonly pause?: PauseReplication | undefined;
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

interface Batch {
  readonly done: number;
  readonly left: readonly { readonly name: string; readonly why: string }[];
  readonly kind: string;
}

async function carryOut(options: RestoreTaskOptions, run: TaskRun): Promise<void> {
  const { catalog } = options;
  const { planId, actor: name } = run.task.payload as { planId: number; actor: string };
  const actor = { name, cause: `execution:${run.execution.id}` };
  const plan = (await readRestorePlan(catalog, planId))!;
  const total = plan.counts.create + plan.counts.change + plan.counts.remove;
  let [done, left] = [plan.done, plan.left];
  if (plan.request.from !== undefined) await prepare(options, run, plan, actor);
  for (;;) {
    run.signal.throwIfAborted();
    run.draining.throwIfAborted();
    const batch = await nextBatch(options, plan, actor);
    if (!batch) break;
    done += batch.done;
    for (const { name: key, why } of batch.left) {
      if (left++ < MOST_TOLD) run.log("warn", `${batch.kind} ${key} is left as it is: ${why}`);
    }
    run.progress({ stage: batch.kind, done, total });
  }
  await catalog.db.deleteFrom("history_hold").where("holder", "=", `restore:${planId}`).execute();
  run.log("info", `done: ${done} of ${total} names, ${left} left`);
}

/** What a restore out of a backup does before it changes any name. */
async function prepare(
  { catalog, store, openBackup, pause }: RestoreTaskOptions,
  run: TaskRun,
  plan: RestorePlan,
  actor: Actor,
): Promise<void> {
  const bytes = await bringContent(catalog, openBackup!, store, plan, {
    signal: run.signal,
    progress: (bytesSent) => run.progress({ stage: "blobs", bytesSent }),
  });
  run.log("info", `fetched ${bytes} bytes from the backup`);
  // A copy beside it changes nothing that is elsewhere.
  if (plan.request.into !== undefined || !pause) return;
  const { rows } = await sql<{ repositories: string[] | null; policies: string[] | null }>`
    SELECT array_agg(DISTINCT split_part(split_part(key, '@', 1), ':', 1))
        FILTER (WHERE kind IN ('repository', 'manifest', 'tag')) AS repositories,
      array_agg(key) FILTER (WHERE kind = 'policy' AND wanted -> 'enabled' = 'true') AS policies
    FROM restore_item
    WHERE plan_id = ${plan.id} AND verdict IN ('create', 'change', 'remove')`.execute(catalog.db);
  const { repositories, policies } = rows[0]!;
  const paused = await pause(
    { projects: plan.projects, repositories: repositories ?? [], policies: policies ?? [] },
    actor,
  );
  if (paused.length > 0) {
    run.log("info", `off until 'entrepot backup confirm': ${paused.join(", ")}`);
  }
}

/** Puts back the next names of one kind. Null when there are none any more. */
function nextBatch(
  { catalog, store, kinds }: RestoreTaskOptions,
  { id: planId, request }: RestorePlan,
  actor: Actor,
): Promise<Batch | null> {
  return catalog.commit(actor, async (commit) => {
    const after = await commit.db
      .selectFrom("restore_plan")
      .select(["done_phase", "done_rank"])
      .where("id", "=", planId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const { rows } = await sql<Item>`
      SELECT kind, key, phase, rank, wanted, present, source FROM restore_item
      WHERE plan_id = ${planId} AND verdict IN ('create', 'change', 'remove')
        AND (phase, rank) > (${after.done_phase}, ${after.done_rank}::bigint)
      ORDER BY phase, rank LIMIT ${BATCH}
    `.execute(commit.db);
    const kind = rows[0]?.kind;
    if (kind === undefined) return null;
    const isForeign = request.from !== undefined;
    const isOff = kind === "policy" && (isForeign || (await isCalm(commit.db)));
    const names = rows.slice(0, upTo(rows, kind)).map((row) => ({
      ...row,
      // Until somebody confirms, as after a restore of everything.
      wanted: isOff && row.wanted ? { ...row.wanted, enabled: false } : row.wanted,
      // A backup's journal counts for itself.
      was: row.wanted === null || isForeign ? null : row.rank,
    }));
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
    if (isOff && !isForeign) {
      const back = rows.filter(({ wanted }, n) => wanted?.["enabled"] === true && left[n] === null);
      await noteCalm(
        commit.db,
        back.map(({ key }) => key),
      );
    }
    const told = names.flatMap(({ key, phase, rank }, n) =>
      left[n] === null ? [] : [{ name: key, phase, rank, why: left[n]! }],
    );
    const done = names.length - told.length;
    await noteDone(commit, planId, { last: names.at(-1)!, done, left: told });
    return { kind, done, left: told };
  });
}

/** Notes how far a plan has been carried out, and why some of its last names were left. */
async function noteDone({ db }: Commit, planId: number, { last, done, left }: Turn): Promise<void> {
  await db
    .updateTable("restore_plan")
    .set(({ eb }) => ({
      done_phase: last.phase,
      done_rank: last.rank,
      done: eb("done", "+", done),
      left_alone: eb("left_alone", "+", left.length),
    }))
    .where("id", "=", planId)
    .execute();
  if (left.length === 0) return;
  await sql`
    UPDATE restore_item SET why = k.why
    FROM unnest(${left.map((one) => one.phase)}::smallint[],
                ${left.map((one) => one.rank)}::bigint[],
                ${left.map(({ why }) => why)}::text[]) AS k (phase, rank, why)
    WHERE plan_id = ${planId} AND restore_item.phase = k.phase AND restore_item.rank = k.rank
  `.execute(db);
}

/** What has had its turn together. */
interface Turn {
  readonly last: Place;
  readonly done: number;
  readonly left: readonly (Place & { readonly why: string })[];
}

/** Where an item stands in its plan's order. */
interface Place {
  readonly phase: number;
  readonly rank: number;
}

interface Item extends Place {
  readonly kind: string;
  readonly key: string;
  readonly wanted: Image;
  readonly present: Image;
  readonly source: string | null;
}

/** How many of `rows` come before another kind begins. */
function upTo(rows: readonly { readonly kind: string }[], kind: string): number {
  const other = rows.findIndex((row) => row.kind !== kind);
  return other === -1 ? rows.length : other;
}

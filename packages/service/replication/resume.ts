import type { Database } from "@entrepot/catalog";
import type { TaskRun } from "@entrepot/jobs";
import { type Kysely, sql } from "kysely";
import { underCeiling } from "./ceiling.ts";
import type { Sides } from "./compare.ts";
import { lockCursor } from "./cursor.ts";
import { keyOf, type NameChange, planEvents, planned } from "./planner.ts";
import { storeSteps } from "./replicas.ts";
import { knownReplicas, nameChange, withIndexes } from "./trigger.ts";

/** Entries read at a time. */
const BATCH = 500;

/**
 * Catches up with what changed in the journal after `from`, up to `to`, where a policy was disabled
 * meanwhile: exactly these names, as they are now. What a name became later belongs to a later
 * entry. Returns how many deletions are held back. Repeating is safe.
 */
export async function catchUpFrom(
  { policy, rules, catalog, signal }: Sides,
  run: TaskRun,
  { from, to }: { from: number; to: number },
): Promise<number> {
  const plan = planned(policy, rules.peerId);
  let held = 0;
  for (let after = from; after < to;) {
    signal.throwIfAborted();
    // Between two batches another node may begin anew: what is planned already is known to it.
    run.draining.throwIfAborted();
    const entries = (await catalog.entries(after, BATCH)).filter(({ seq }) => seq <= to);
    if (entries.length === 0) break;
    after = entries.at(-1)!.seq;
    const changes = entries.flatMap((entry) => nameChange(entry, catalog.registryId));
    if (changes.length > 0) {
      await catalog.transaction(async (db) => {
        await lockCursor(catalog, db);
        const still = await withIndexes(db, await asTheyAre(db, changes));
        if (still.length === 0) return;
        const steps = planEvents(plan, still, await knownReplicas(db, policy.id, still));
        const allowed = await underCeiling(db, policy, steps, run.execution.id);
        held += allowed.held.length;
        await run.addTasks(await storeSteps(db, policy, allowed.steps), db);
      });
    }
    run.progress({ stage: "catch up", entries: after - from, of: to - from });
  }
  return held;
}

/** Of `changes` those that are still how things are; of several of a name the last. */
async function asTheyAre(
  db: Kysely<Database>,
  changes: readonly NameChange[],
): Promise<NameChange[]> {
  const last = [...new Map(changes.map((change) => [keyOf(change), change])).values()];
  const { rows } = await sql<{ i: number; now: string | null }>`
    SELECT k.i, CASE k.kind WHEN 'tag' THEN tag.digest ELSE manifest.digest END AS now
    FROM unnest(${last.map((change) => change.kind)}::text[],
                ${last.map((change) => change.repository)}::text[],
                ${last.map((change) => change.reference)}::text[])
      WITH ORDINALITY AS k (kind, repository, reference, i)
    LEFT JOIN repository ON repository.name = k.repository
    LEFT JOIN tag ON tag.repository_id = repository.id AND tag.name = k.reference
    LEFT JOIN manifest ON manifest.repository_id = repository.id
      AND manifest.digest = k.reference
  `.execute(db);
  const now = new Map(rows.map((row) => [Number(row.i), row.now]));
  return last.filter((change, n) => now.get(n + 1) === change.digest);
}

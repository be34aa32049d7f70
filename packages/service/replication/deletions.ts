import type { Database } from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import { type Kysely, sql } from "kysely";
import type { Sides } from "./compare.ts";
import { keyOf } from "./planner.ts";
import type { Decision } from "./plan-run.ts";
import type { Origin } from "./ports.ts";

/** Questions to the source at a time. */
const AT_ONCE = 16;

interface Brought {
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly arrived: Digest;
}

/** What is to be deleted, and of how many names that this policy has brought to its target. */
export interface Deletions {
  readonly decisions: readonly Decision[];
  readonly replicated: number;
}

/**
 * What this policy had brought and the source no longer has, judged in `db`. `listed` are the keys
 * of a complete listing. A name that is merely not listed (its filter was narrowed, it came
 * meanwhile) is asked after and left alone if the source has it.
 */
export async function planDeletions(
  db: Kysely<Database>,
  sides: Sides,
  listed: ReadonlySet<string>,
): Promise<Deletions> {
  const { policy, rules } = sides;
  const brought = (await db
    .selectFrom("replica")
    .select(["repository", "reference", "target", "arrived"])
    .where("policy_id", "=", policy.id)
    .where("arrived", "is not", null)
    // A deletion under way is left to its task; one that was refused or stopped has none.
    .where((where) =>
      where.or([
        where("wanted", "is not", null),
        where("next_attempt", "=", sql<Date>`'infinity'::timestamptz`),
      ]),
    )
    .orderBy("repository")
    .orderBy("reference")
    .execute()) as Brought[];
  const missing = brought.filter((row) => !listed.has(keyOf(row)));
  const push = policy.destEndpointId !== null;
  const still = push ? await stillHere(db, missing) : await stillThere(sides, missing);
  const gone = missing.filter((row) => !still.has(keyOf(row)));
  const made = push ? await tombstonesOf(db, gone, rules.origin) : new Map<string, Origin>();
  const decisions = gone.map(({ repository, reference, target, arrived }): Decision => {
    const name = { repository, reference, target };
    const origin = made.get(keyOf(name)) ?? rules.origin;
    const step = { operation: "delete", ...name, digest: null, origin } as const;
    return { verdict: "delete", ...name, atSource: null, atTarget: arrived, step };
  });
  return { decisions, replicated: brought.length };
}

/** Where and when each of `names` was deleted here, as far as the journal tells. */
async function tombstonesOf(
  db: Kysely<Database>,
  names: readonly Brought[],
  { path: here }: Origin,
): Promise<ReadonlyMap<string, Origin>> {
  const { rows } = await sql<Origin & { key: string; clock: string }>`
    SELECT made.key, made.origin AS registry, made.origin_seq AS seq, made.path, made.clock
    FROM unnest(${names.map(keyOf)}::text[]) AS k (key)
    CROSS JOIN LATERAL (
      SELECT * FROM journal WHERE kind IN ('tag', 'manifest') AND journal.key = k.key
      ORDER BY seq DESC LIMIT 1
    ) AS made
    WHERE made.after IS NULL AND made.clock IS NOT NULL
  `.execute(db);
  return new Map(
    rows.map(({ key, path, ...made }) => [key, { ...made, path: [...path, ...here] }]),
  );
}

/** Names that our own registry has. */
async function stillHere(
  db: Kysely<Database>,
  names: readonly Brought[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ repository: string; reference: string }>`
    SELECT k.repository, k.reference
    FROM unnest(${names.map((row) => row.repository)}::text[],
                ${names.map((row) => row.reference)}::text[]) AS k (repository, reference)
    JOIN repository ON repository.name = k.repository
    WHERE EXISTS (SELECT FROM tag
                  WHERE repository_id = repository.id AND name = k.reference)
       OR EXISTS (SELECT FROM manifest
                  WHERE repository_id = repository.id AND digest = k.reference)
  `.execute(db);
  return new Set(rows.map(keyOf));
}

/** Names that the source, which is not ours, still answers for. Throws where it gives no answer. */
async function stillThere(
  { source, rules, signal }: Sides,
  names: readonly Brought[],
): Promise<ReadonlySet<string>> {
  const still = new Set<string>();
  const registry = source.registry(rules.origin);
  await eachOf(names, AT_ONCE, async (name) => {
    signal.throwIfAborted();
    try {
      const found = await registry.repository(name.repository).resolve(name.reference);
      if (found) still.add(keyOf(name));
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === "NAME_UNKNOWN")) throw error;
    }
  });
  return still;
}

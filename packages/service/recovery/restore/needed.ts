import type { Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";

/** How deep indexes may lie in indexes. */
const DEEPEST = 8;

/**
 * Adds to a plan what its names cannot be without and what is not there: a tag's manifest, that of
 * an index's parts, their repository. As each was last; such a manifest with the labels that it had
 * before the cause that deleted it. What labels a manifest has that is in the plan already, the
 * plan says, too: where it says nothing, none.
 */
export async function noteNeeded(
  db: Transaction<Database>,
  { planId, kinds }: { readonly planId: number; readonly kinds: readonly string[] },
): Promise<void> {
  const phase = (kind: string) => kinds.indexOf(kind) + 1;
  await sql`
    WITH RECURSIVE needed (repository, digest, depth) AS (
      SELECT split_part(key, ':', 1), wanted ->> 'digest', 0 FROM restore_item
      WHERE plan_id = ${planId} AND kind = 'tag' AND wanted IS NOT NULL
      UNION
      SELECT split_part(key, '@', 1), split_part(key, '@', 2), 0 FROM restore_item
      WHERE plan_id = ${planId} AND kind = 'manifest' AND wanted IS NOT NULL
      UNION
      SELECT needed.repository, past.digest, needed.depth + 1
      FROM needed JOIN past_reference past
        ON past.manifest = needed.digest AND past.kind = 'manifest'
      WHERE needed.depth < ${DEEPEST}
    ), lacking AS (
      SELECT repository || '@' || digest AS key
      FROM needed
      WHERE NOT EXISTS (
        SELECT FROM repository JOIN manifest ON manifest.repository_id = repository.id
        WHERE repository.name = needed.repository AND manifest.digest = needed.digest)
    ), added AS (
      SELECT lacking.key, last.seq, last.after, gone.seq AS gone_seq, gone.cause AS gone_cause
      FROM (
        SELECT key FROM lacking
        EXCEPT SELECT key FROM restore_item WHERE plan_id = ${planId} AND kind = 'manifest'
      ) AS lacking
      CROSS JOIN LATERAL (
        SELECT seq, after FROM journal
        WHERE kind = 'manifest' AND key = lacking.key AND after IS NOT NULL
        ORDER BY seq DESC LIMIT 1
      ) AS last
      CROSS JOIN LATERAL (
        SELECT seq, cause FROM journal WHERE kind = 'manifest' AND key = lacking.key
        ORDER BY seq DESC LIMIT 1
      ) AS gone
    ), labels AS (
      SELECT added.key, last.seq, last.after
      FROM added CROSS JOIN LATERAL (
        SELECT seq, after FROM journal
        WHERE kind = 'artifact_label' AND key = added.key AND seq < added.gone_seq
          AND (after IS NOT NULL OR cause <> added.gone_cause)
        ORDER BY seq DESC LIMIT 1
      ) AS last
      WHERE last.after IS NOT NULL
    )
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted)
    SELECT ${planId}::integer, 'manifest', key, ${phase("manifest")}::integer, seq, 'create', after
    FROM added
    UNION ALL
    SELECT ${planId}::integer, 'artifact_label', key, ${phase("artifact_label")}::integer, seq,
      'create', after
    FROM labels
    WHERE key NOT IN (
      SELECT key FROM restore_item WHERE plan_id = ${planId} AND kind = 'artifact_label')
  `.execute(db);
  await noteHomes(db, planId, phase("repository"));
}

/** Adds the repositories that are not there of what comes back. */
async function noteHomes(db: Transaction<Database>, planId: number, phase: number): Promise<void> {
  await sql`
    WITH homes AS (
      SELECT DISTINCT split_part(split_part(key, '@', 1), ':', 1) AS name FROM restore_item
      WHERE plan_id = ${planId} AND kind IN ('tag', 'manifest') AND wanted IS NOT NULL
      EXCEPT SELECT key FROM restore_item WHERE plan_id = ${planId} AND kind = 'repository'
    )
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted)
    SELECT ${planId}::integer, 'repository', homes.name, ${phase}::integer, last.seq,
      'create', last.after
    FROM homes CROSS JOIN LATERAL (
      SELECT seq, after FROM journal
      WHERE kind = 'repository' AND key = homes.name AND after IS NOT NULL
      ORDER BY seq DESC LIMIT 1
    ) AS last
    WHERE NOT EXISTS (SELECT FROM repository WHERE repository.name = homes.name)
  `.execute(db);
}

/** Of an artifact that comes back: its tags at that moment, where nothing has their names now. */
export async function noteItsTags(
  db: Transaction<Database>,
  planId: number,
  { repository, digest, seq }: { repository: string; digest: string; seq: number },
  phase: number,
): Promise<void> {
  await sql`
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted)
    SELECT ${planId}::integer, 'tag', was.key, ${phase}::integer, was.seq, 'create', was.after
    FROM (
      SELECT DISTINCT ON (key) key, seq, after FROM journal
      WHERE kind = 'tag' AND key >= ${`${repository}:`} AND key < ${`${repository};`}
        AND seq <= ${seq}
      ORDER BY key, seq DESC
    ) AS was
    WHERE was.after ->> 'digest' = ${digest} AND (
      SELECT after FROM journal WHERE kind = 'tag' AND journal.key = was.key
      ORDER BY seq DESC LIMIT 1) IS NULL
  `.execute(db);
}

import type { Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";

/** The setting that tells what a restore has switched off, until somebody confirms. */
export const RESTORED = "restored_from_backup";

/** What a restore has switched off or lost. */
export interface Calm {
  readonly timeline: number;
  /** Replication policies that were enabled, by name. */
  readonly policies: readonly string[];
  /** Backup targets that were enabled, by name. */
  readonly targets: readonly string[];
  /** Columns whose secrets were cleared, as `table.column`. */
  readonly clearedSecrets: readonly string[];
}

type Db = Transaction<Database>;

/**
 * Makes a registry of the rows that came back that does nothing on its own account until somebody
 * has looked at it: a new timeline, readers of the journal at its head, policies and backup targets
 * disabled, secrets cleared unless their key is there.
 */
export async function calmDown(
  db: Db,
  options: { readonly keepSecrets: boolean; readonly newId?: string | undefined },
): Promise<Calm> {
  const head = await sql<{ timeline: number }>`
    UPDATE journal_head SET timeline = timeline + 1 RETURNING timeline`.execute(db);
  const timeline = head.rows[0]!.timeline;
  if (options.newId !== undefined) {
    const value = JSON.stringify(options.newId);
    await sql`UPDATE setting SET value = ${value}::jsonb WHERE key = 'registry_id'`.execute(db);
  }
  const clearedSecrets = options.keepSecrets ? [] : await clearSecrets(db);
  const policies = await disablePolicies(db);
  const targets = await sql<{ name: string }>`
    UPDATE backup_target SET tip = NULL, lease_holder = NULL, lease_until = NULL, enabled = false
    FROM (SELECT id, enabled AS was FROM backup_target) before
    WHERE before.id = backup_target.id AND (was OR tip IS NOT NULL)
    RETURNING name`.execute(db);
  await sql`UPDATE journal_cursor SET seq = (SELECT seq FROM journal_head)`.execute(db);
  const calm = {
    timeline,
    policies,
    targets: targets.rows.map(({ name }) => name),
    clearedSecrets,
  };
  await sql`INSERT INTO setting (key, value) VALUES (${RESTORED}, ${JSON.stringify(calm)}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
  return calm;
}

/**
 * Disables, as `calmDown` has done it, policies that are enabled again since, and notes them with
 * what is to be confirmed. Repeating is safe.
 */
export async function stayCalm(db: Db): Promise<void> {
  await noteCalm(db, await disablePolicies(db));
  // What went back meanwhile is not carried on by a confirmation, either.
  await sql`
    UPDATE policy_pause SET seq = (SELECT seq FROM journal_head)
    FROM replication_policy policy, setting
    WHERE policy.id = policy_id AND NOT policy.enabled
      AND setting.key = ${RESTORED} AND setting.value -> 'policies' ? policy.name`.execute(db);
}

/** Whether all of this registry came out of a backup, and nobody has confirmed it yet. */
export async function isCalm(db: Db): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM setting WHERE key = ${RESTORED} AND NOT value ? 'projects' FOR UPDATE`.execute(db);
  return rows.length > 0;
}

/** Notes that a confirmation switches on the policies `names`, too. Repeating is safe. */
export async function noteCalm(db: Db, names: readonly string[]): Promise<void> {
  await sql`
    UPDATE setting SET value = jsonb_set(value, '{policies}', (
      SELECT coalesce(jsonb_agg(DISTINCT name), '[]') FROM (
        SELECT jsonb_array_elements_text(value -> 'policies') AS name
        UNION SELECT unnest(${[...names]}::text[])) names))
    WHERE key = ${RESTORED}`.execute(db);
}

/** Each with an entry in the journal, as any change of a policy has. */
async function disablePolicies(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    UPDATE replication_policy SET enabled = false WHERE enabled RETURNING id, name`.execute(db);
  const ids = rows.map(({ id }) => id);
  const names = rows.map(({ name }) => name);
  if (ids.length === 0) return [];
  await sql`
    WITH latest AS (
      SELECT DISTINCT ON (key) key, after FROM journal
      WHERE kind = 'policy' AND key = ANY(${names}::text[]) ORDER BY key, seq DESC
    ), numbered AS (
      SELECT key, after, row_number() OVER (ORDER BY key) AS n FROM latest WHERE after IS NOT NULL
    ), head AS (
      UPDATE journal_head SET seq = seq + (SELECT count(*) FROM numbered),
        at = greatest(clock_timestamp(), at) + (SELECT count(*) FROM numbered) * interval '1 us'
      RETURNING timeline, seq, at
    ), size AS (SELECT count(*) AS count FROM numbered)
    INSERT INTO journal
      (seq, timeline, at, origin, origin_seq, path, actor, cause, kind, key, after, clock)
    SELECT head.seq - count + n, timeline, at - (count - n) * interval '1 us',
      (SELECT value #>> '{}' FROM setting WHERE key = 'registry_id'), head.seq - count + n,
      ARRAY[]::text[], 'system:restore', 'restore', 'policy', key,
      after || '{"enabled": false}', NULL
    FROM numbered, head, size`.execute(db);
  // Enabled again, a policy goes on from here: what came before is compared by a run.
  await sql`
    INSERT INTO policy_pause (policy_id, seq)
    SELECT id, (SELECT seq FROM journal_head) FROM unnest(${ids}::integer[]) AS id
    ON CONFLICT DO NOTHING`.execute(db);
  return names;
}

/** What is sealed is useless without its key, and would stop a start. */
async function clearSecrets(db: Db): Promise<string[]> {
  const { rows } = await sql<{ table: string; column: string }>`
    SELECT table_name::text AS table, column_name::text AS column
    FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name LIKE '%\\_sealed' AND is_nullable = 'YES'
    ORDER BY 1, 2`.execute(db);
  const cleared: string[] = [];
  for (const { table, column } of rows) {
    const [relation, name] = [sql.table(table), sql.ref(column)];
    const result = await sql`
      UPDATE ${relation} SET ${name} = NULL WHERE ${name} IS NOT NULL`.execute(db);
    if (Number(result.numAffectedRows ?? 0) > 0) cleared.push(`${table}.${column}`);
  }
  // A new one is made at the next start; tokens that were given out expire.
  await sql`DELETE FROM setting WHERE jsonb_typeof(value) = 'object' AND value ? 'sealed'`.execute(
    db,
  );
  return cleared;
}

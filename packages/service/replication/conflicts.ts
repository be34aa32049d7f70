import type { Catalog } from "@entrepot/catalog";
import { asDigest, type Digest } from "@entrepot/oci";
import { type RawBuilder, sql, type SqlBool } from "kysely";

/** Two changes of a tag that knew nothing of each other. */
export interface Conflict {
  readonly id: number;
  readonly at: Date;
  /** Here; or at the policy's target, if it was met there. */
  readonly repository: string;
  readonly tag: string;
  /** Digests; null where it was deleted. */
  readonly winner: Digest | null;
  readonly loser: Digest | null;
  /** Ids of the registries where they were made, where that is known. */
  readonly winnerOrigin: string | null;
  readonly loserOrigin: string | null;
  /** The policy that met it; null where it came with another registry's push. */
  readonly policyId: number | null;
}

/**
 * Projects by id: theirs are the conflicts that policies of theirs met, and those that came to
 * their repositories with another registry's push. Null: all there are.
 */
export type ConflictsOf = ReadonlyMap<number, string> | null;

/** Conflicts that nobody has dismissed, newest first. */
export async function listConflicts(
  { db }: Pick<Catalog, "db">,
  query: { page: number; pageSize: number; projects: ConflictsOf },
): Promise<{ items: Conflict[]; total: number }> {
  const rows = db.selectFrom("replication_conflict").where(isOf(query.projects));
  const { total } = await rows
    .select((row) => row.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const found = await rows
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(query.pageSize)
    .offset((query.page - 1) * query.pageSize)
    .execute();
  return {
    total: Number(total),
    items: found.map((row) => ({
      id: row.id,
      at: row.at,
      repository: row.repository,
      tag: row.tag,
      winner: row.winner === null ? null : asDigest(row.winner),
      loser: row.loser === null ? null : asDigest(row.loser),
      winnerOrigin: row.winner_origin,
      loserOrigin: row.loser_origin,
      policyId: row.policy_id,
    })),
  };
}

/** Takes a conflict off the list; its loser stays in the journal. False if it was not there. */
export async function dismissConflict(
  { db }: Pick<Catalog, "db">,
  id: number,
  projects: ConflictsOf,
): Promise<boolean> {
  const row = await db
    .deleteFrom("replication_conflict")
    .where("id", "=", id)
    .where(isOf(projects))
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

function isOf(projects: ConflictsOf): RawBuilder<SqlBool> {
  if (projects === null) return sql`true`;
  return sql`CASE WHEN policy_id IS NULL
    THEN split_part(repository, '/', 1) = ANY(${[...projects.values()]}::text[])
    ELSE EXISTS (SELECT FROM replication_policy policy
      WHERE policy.id = policy_id AND policy.project_id = ANY(${[...projects.keys()]}::integer[]))
    END`;
}

/** Lists a tag that somebody else has moved at the target of `policyId`. Repeating is safe. */
export async function noteConflict(
  catalog: Pick<Catalog, "db" | "now">,
  conflict: Pick<Conflict, "policyId" | "repository" | "tag" | "winner" | "loser">,
): Promise<void> {
  const { policyId, repository, tag, winner, loser } = conflict;
  await sql`
    INSERT INTO replication_conflict (at, repository, tag, winner, loser, policy_id)
    VALUES (${catalog.now()}, ${repository}, ${tag}, ${winner}, ${loser}, ${policyId})
    ON CONFLICT (repository, tag, winner, loser, policy_id) DO UPDATE SET at = excluded.at
  `.execute(catalog.db);
}

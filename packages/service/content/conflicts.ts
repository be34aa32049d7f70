import type { Commit } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { sql } from "kysely";

/** Two changes of a tag that knew nothing of each other. */
export interface TagConflict {
  readonly repository: string;
  readonly tag: string;
  /** Digests; null for a deletion. */
  readonly winner: Digest | null;
  readonly loser: Digest | null;
  /** Ids of the registries where they were made, where that is known. */
  readonly winnerOrigin: string | null;
  readonly loserOrigin: string | null;
}

/** Lists `conflict` for people, and keeps the loser in the journal's history of the tag. */
export async function recordConflict(
  commit: Commit,
  conflict: TagConflict,
  now: Date,
): Promise<void> {
  const { repository, tag, winner, loser, winnerOrigin, loserOrigin } = conflict;
  if (winner === loser) return;
  await sql`
    INSERT INTO replication_conflict
      (at, repository, tag, winner, loser, winner_origin, loser_origin)
    VALUES (${now}, ${repository}, ${tag}, ${winner}, ${loser}, ${winnerOrigin}, ${loserOrigin})
    ON CONFLICT (repository, tag, winner, loser, policy_id) DO UPDATE SET at = excluded.at
  `.execute(commit.db);
  commit.record({ kind: "conflict", key: `${repository}:${tag}`, after: { ...conflict } });
}

import { type Commit, tagChange } from "@entrepot/catalog";
import { sql } from "kysely";
import { lockClocks, rule, saveClocks } from "./name-clocks.ts";
import { CHANGED, type Image, type NameToRestore, type RestoreNames } from "./restore-names.ts";
import type { Room } from "./room.ts";

interface Found {
  readonly i: number;
  readonly repositoryId: number | null;
  /** What the tag names now. */
  readonly digest: string | null;
  /** Of the manifest that it shall name; null if that is not here. */
  readonly mediaType: string | null;
  /** A rule forbids to move or delete it. */
  readonly immutable: boolean;
}

interface Move extends Found {
  readonly key: string;
  readonly repository: string;
  readonly tag: string;
  readonly wanted: string | null;
}

/** Puts tags back as changes made here, so that they go on to other registries. */
export function restoreTags(room: Room): RestoreNames {
  return async (commit, names) => {
    const clocks = await lockClocks(
      commit,
      names.map(({ key }) => key),
    );
    const found = await foundTags(commit, names);
    const moves: Move[] = [];
    const left = names.map((name, i) => {
      const row = found[i]!;
      const wanted = digestOf(name.wanted);
      if (row.digest === wanted) return null;
      if (row.digest !== digestOf(name.present)) return CHANGED;
      if (wanted !== null && row.mediaType === null) return `its manifest ${wanted} is not here`;
      if (row.digest !== null && row.immutable) return "the tag is immutable";
      moves.push({ ...row, ...partsOf(name.key), key: name.key, wanted });
      return null;
    });
    const rulings = rule(room, {}, clocks);
    await setTags(commit, moves);
    await saveClocks(
      commit,
      moves.map(({ key }) => [key, rulings.get(key)!] as const),
    );
    for (const { key, repository, tag, wanted, mediaType } of moves) {
      const manifest = wanted === null ? null : { digest: wanted, mediaType: mediaType! };
      commit.record({ ...tagChange(repository, tag, manifest), clock: rulings.get(key)!.clock });
    }
    return left;
  };
}

async function foundTags(commit: Commit, names: readonly NameToRestore[]): Promise<Found[]> {
  const parts = names.map(({ key }) => partsOf(key));
  const { rows } = await sql<Found>`
    SELECT k.i, r.id AS "repositoryId", t.digest, m.media_type AS "mediaType",
      t.digest IS NOT NULL AND immutable_rule_of(r.project_id, k.repository, k.tag) IS NOT NULL
        AS immutable
    FROM unnest(${parts.map(({ repository }) => repository)}::text[],
                ${parts.map(({ tag }) => tag)}::text[],
                ${names.map(({ wanted }) => digestOf(wanted))}::text[])
      WITH ORDINALITY AS k (repository, tag, digest, i)
    LEFT JOIN LATERAL (
      SELECT id, project_id FROM repository WHERE name = k.repository LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
      SELECT digest FROM tag WHERE repository_id = r.id AND name = k.tag LIMIT 1) AS t ON true
    LEFT JOIN LATERAL (
      SELECT media_type FROM manifest
      WHERE repository_id = r.id AND digest = k.digest LIMIT 1) AS m ON true
    ORDER BY k.i
  `.execute(commit.db);
  return rows;
}

async function setTags(commit: Commit, moves: readonly Move[]): Promise<void> {
  const [set, gone] = [moves.filter(isSet), moves.filter((move) => !isSet(move))];
  if (set.length > 0) {
    await sql`
      INSERT INTO tag (repository_id, name, digest)
      SELECT * FROM unnest(${set.map(({ repositoryId }) => repositoryId)}::integer[],
                           ${set.map(({ tag }) => tag)}::text[],
                           ${set.map(({ wanted }) => wanted)}::text[])
      ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, pushed_at = now()
    `.execute(commit.db);
  }
  if (gone.length > 0) {
    await sql`
      DELETE FROM tag
      USING unnest(${gone.map(({ repositoryId }) => repositoryId)}::integer[],
                   ${gone.map(({ tag }) => tag)}::text[]) AS k (repository_id, name)
      WHERE tag.repository_id = k.repository_id AND tag.name = k.name
    `.execute(commit.db);
  }
}

const isSet = ({ wanted }: Move): boolean => wanted !== null;

function digestOf(image: Image): string | null {
  return image === null ? null : String(image["digest"]);
}

function partsOf(key: string): { repository: string; tag: string } {
  const at = key.indexOf(":");
  return { repository: key.slice(0, at), tag: key.slice(at + 1) };
}

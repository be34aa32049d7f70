import type { Tag } from "@entrepot/api";
import type { Catalog } from "@entrepot/catalog";
import {
  cosignSuffixes,
  cosignTagOf,
  type Digest,
  type Manifest,
  parseManifest,
} from "@entrepot/oci";
import { sql } from "kysely";
import { COSIGN_TAG } from "./artifact-rows.ts";
import type { RepositoryAt } from "./repository-rows.ts";

/*
 * What belongs to the artifacts of one page, each part in one query for all of them. Artifacts are
 * of one repository.
 */

/** An artifact about another. */
export interface AccessoryRow {
  readonly id: number;
  readonly digest: string;
  readonly subject: string;
  readonly subject_id: number;
  readonly artifact_type: string | null;
  readonly pushed_at: Date;
  /** Hung on by cosign's tag. */
  readonly by_tag: boolean;
}

/** A child of an index, in the index's order. */
export interface ChildRow {
  readonly parent_id: number;
  readonly child_id: number;
  readonly child_digest: string;
}

/** Larger manifests are not read for a list: without, their children have no platforms in it. */
const READ_BYTES = 256 << 10;

/** Tags at any of `digests`, newest first. */
export async function tagsOf({ db }: Catalog, repository: RepositoryAt, digests: string[]) {
  return tagRows({ db }, repository.id)
    .where((eb) => eb("tag.digest", "=", eb.fn.any(eb.val(digests))))
    .orderBy("tag.pushed_at", "desc")
    .orderBy("tag.id", "desc")
    .execute();
}

const IMMUTABLE = sql<boolean>`(SELECT immutable_rule_of(project_id, name, tag.name) IS NOT NULL
  FROM repository WHERE id = tag.repository_id)`;

/** All tags of repository `id`, each with its artifact's id. */
export function tagRows({ db }: Pick<Catalog, "db">, id: number) {
  return db
    .selectFrom("tag")
    .innerJoin("manifest", (join) =>
      join
        .onRef("manifest.repository_id", "=", "tag.repository_id")
        .onRef("manifest.digest", "=", "tag.digest"),
    )
    .where("tag.repository_id", "=", id)
    .select([
      "tag.id",
      "tag.repository_id",
      "tag.name",
      "tag.digest",
      "tag.pushed_at",
      "manifest.id as artifact_id",
      IMMUTABLE.as("immutable"),
    ]);
}

/** A tag as `tagRows` finds it. */
export type TagRow = Awaited<ReturnType<typeof tagsOf>>[number];

/** A tag as Harbor shows it. When it was pulled is not kept. */
export function shownTag(row: TagRow): Tag {
  return {
    id: row.id,
    repository_id: row.repository_id,
    artifact_id: row.artifact_id,
    name: row.name,
    push_time: row.pushed_at.toISOString(),
    immutable: row.immutable,
  };
}

/** The manifests in the indexes among `ids`. */
export async function childrenOf({ db }: Catalog, ids: number[]): Promise<ChildRow[]> {
  const { rows } = await sql<ChildRow>`
    SELECT parent.id AS parent_id, child.id AS child_id, child.digest AS child_digest
    FROM manifest AS parent
    JOIN manifest_reference AS r ON r.manifest_id = parent.id AND r.kind = 'manifest'
    JOIN manifest AS child
      ON child.repository_id = parent.repository_id AND child.digest = r.digest
    WHERE parent.id = ANY(${ids}::bigint[])
    ORDER BY parent.id, r.position
  `.execute(db);
  return rows;
}

/** What the manifests among `ids` say, by id; without those that are too large for a list. */
export async function manifestsOf({ db }: Catalog, ids: number[]): Promise<Map<number, Manifest>> {
  const rows = await db
    .selectFrom("manifest")
    .select(["id", "media_type", "bytes"])
    .where((eb) => eb("id", "=", eb.fn.any(eb.val(ids))))
    .where("size", "<=", READ_BYTES)
    .execute();
  return new Map(rows.map((row) => [row.id, parseManifest(row.bytes, row.media_type)]));
}

/** What is about any of `digests`: by its subject, or by cosign's tags. Oldest first. */
export async function accessoriesOf(
  { db }: Catalog,
  repository: RepositoryAt,
  digests: readonly string[],
): Promise<AccessoryRow[]> {
  const tags = digests
    .filter((digest) => digest.startsWith("sha256:"))
    .map((digest) => cosignTagOf(digest as Digest))
    .flatMap((tag) => cosignSuffixes.map((suffix) => `${tag}.${suffix}`));
  const { rows } = await sql<AccessoryRow>`
    SELECT DISTINCT ON (subject.id, m.id) m.id, m.digest, m.artifact_type, m.pushed_at,
      about.subject, about.by_tag, subject.id AS subject_id
    FROM (
      SELECT digest, subject, false AS by_tag FROM manifest
      WHERE repository_id = ${repository.id} AND subject = ANY(${[...digests]}::text[])
      UNION ALL
      SELECT digest, 'sha256:' || substr(name, 8, 64), true FROM tag
      WHERE repository_id = ${repository.id} AND name = ANY(${tags}::text[])
        AND name ~ ${sql.lit(COSIGN_TAG)}
    ) AS about
    JOIN manifest AS m ON m.repository_id = ${repository.id} AND m.digest = about.digest
    JOIN manifest AS subject
      ON subject.repository_id = ${repository.id} AND subject.digest = about.subject
    WHERE subject.id <> m.id
    ORDER BY subject.id, m.id, about.by_tag DESC
  `.execute(db);
  return rows;
}

/** Bytes of each of `ids` with everything below it; what it holds twice counts once. */
export async function sizesOf(
  { db }: Catalog,
  repository: RepositoryAt,
  ids: number[],
): Promise<Map<number, number>> {
  const { rows } = await sql<{ root: number; bytes: number }>`
    WITH RECURSIVE part (root, id) AS (
      SELECT id, id FROM manifest WHERE id = ANY(${ids}::bigint[])
      UNION
      SELECT part.root, child.id
      FROM part
      JOIN manifest_reference AS r ON r.manifest_id = part.id AND r.kind = 'manifest'
      JOIN manifest AS child
        ON child.repository_id = ${repository.id} AND child.digest = r.digest
    )
    SELECT root, sum(size)::bigint AS bytes FROM (
      SELECT part.root, m.digest, m.size::bigint FROM part JOIN manifest AS m ON m.id = part.id
      UNION
      SELECT part.root, blob.digest, blob.size
      FROM part
      JOIN manifest_reference AS r ON r.manifest_id = part.id AND r.kind = 'blob'
      JOIN repository_blob AS blob
        ON blob.repository = ${repository.name} AND blob.digest = r.digest
    ) AS content (root, digest, size)
    GROUP BY root
  `.execute(db);
  return new Map(rows.map(({ root, bytes }) => [root, bytes]));
}

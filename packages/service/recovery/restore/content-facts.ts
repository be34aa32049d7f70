import type { Database } from "@entrepot/catalog";
import { childrenOf, type Digest, isNonDistributable, parseManifest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql, type Transaction } from "kysely";

/** Blobs asked after at a time. */
const AT_ONCE = 32;

/** A manifest that is to come back; `source` has it where it never was in `repository`. */
export interface Returning {
  readonly key: string;
  readonly source: string | null;
}

interface Row {
  readonly i: number;
  readonly kept: boolean;
  readonly blobs: readonly string[] | null;
  readonly manifests: readonly string[] | null;
}

/**
 * Looks whether what `manifests` are made of is kept, and notes the sizes of their blobs with the
 * plan. Those that cannot come back are added to `broken`, with the reason: children come first.
 */
export async function lookForContent(
  db: Transaction<Database>,
  store: Pick<BlobStore, "stat">,
  planId: number,
  manifests: readonly Returning[],
  broken: Map<string, string>,
): Promise<void> {
  const rows = await contentOf(db, manifests);
  const wanted = [...new Set(rows.flatMap(({ blobs }) => blobs ?? []))] as Digest[];
  const sizes = await knownSizes(db, planId, wanted);
  const found = new Map<string, number>();
  const unknown = wanted.filter((digest) => !sizes.has(digest));
  await eachOf(unknown, AT_ONCE, async (digest) => {
    const size = await store.stat(digest);
    if (size !== null) found.set(digest, size);
  });
  await noteSizes(db, planId, found);
  for (const row of rows) {
    const { key, source } = manifests[row.i - 1]!;
    const repository = key.slice(0, key.indexOf("@"));
    const digest = key.slice(repository.length + 1);
    if (!row.kept) {
      broken.set(key, `manifest ${digest} is not kept any more`);
      continue;
    }
    const part = row.manifests?.find((child) => broken.has(`${repository}@${child}`));
    if (part) broken.set(key, `its part ${part} cannot come back`);
    const lacking = (row.blobs ?? []).filter((blob) => !sizes.has(blob) && !found.has(blob));
    if (lacking.length === 0) continue;
    const elsewhere = await keptElsewhere(db, digest, source);
    const blob = lacking.find((one) => !elsewhere.has(one));
    if (blob) broken.set(key, `blob ${blob} is not in the store any more`);
  }
}

/** Sizes that the plan has noted. */
export async function knownSizes(
  db: Transaction<Database>,
  planId: number,
  digests: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom("restore_blob")
    .select(["digest", "size"])
    .where("plan_id", "=", planId)
    .where(sql<boolean>`digest = ANY(${[...digests]}::text[])`)
    .execute();
  return new Map(rows.map(({ digest, size }) => [digest, Number(size)]));
}

async function noteSizes(
  db: Transaction<Database>,
  planId: number,
  found: ReadonlyMap<string, number>,
): Promise<void> {
  await sql`
    INSERT INTO restore_blob (plan_id, digest, size)
    SELECT ${planId}::integer, * FROM unnest(${[...found.keys()]}::text[],
                                             ${[...found.values()]}::bigint[]) AS k (digest, size)
    ORDER BY k.digest
  `.execute(db);
}

async function contentOf(
  db: Transaction<Database>,
  manifests: readonly Returning[],
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    SELECT k.i, was.digest IS NOT NULL AS kept, refs.blobs, refs.manifests
    FROM unnest(${manifests.map(({ key }) => key.slice(key.indexOf("@") + 1))}::text[],
                ${manifests.map(({ source }) => source)}::text[])
      WITH ORDINALITY AS k (digest, source, i)
    LEFT JOIN LATERAL (
      SELECT digest, NULL::bigint AS id FROM past_manifest WHERE digest = k.digest
      UNION ALL
      SELECT digest, manifest.id
      FROM manifest JOIN repository ON repository.id = manifest.repository_id
      WHERE repository.name = k.source AND digest = k.digest
      LIMIT 1) AS was ON true
    LEFT JOIN LATERAL (
      SELECT array_agg(digest) FILTER (WHERE kind = 'blob') AS blobs,
        array_agg(digest) FILTER (WHERE kind = 'manifest') AS manifests
      FROM (
        SELECT digest, kind FROM past_reference WHERE was.id IS NULL AND manifest = k.digest
        UNION ALL
        SELECT digest, kind FROM manifest_reference WHERE manifest_id = was.id
      ) AS ref) AS refs ON true
    ORDER BY k.i
  `.execute(db);
  return rows;
}

/** Blobs of a manifest that are fetched from somewhere else, and need not be here. */
async function keptElsewhere(
  db: Transaction<Database>,
  digest: string,
  source: string | null,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ bytes: Buffer; mediaType: string }>`
    SELECT bytes, media_type AS "mediaType" FROM past_manifest WHERE digest = ${digest}
    UNION ALL
    SELECT bytes, media_type
    FROM manifest JOIN repository ON repository.id = manifest.repository_id
    WHERE repository.name = ${source} AND digest = ${digest}
    LIMIT 1
  `.execute(db);
  if (!rows[0]) return new Set();
  const { blobs } = childrenOf(parseManifest(rows[0].bytes, rows[0].mediaType));
  return new Set(blobs.filter((blob) => isNonDistributable(blob)).map((blob) => blob.digest));
}

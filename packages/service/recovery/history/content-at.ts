import type { Catalog } from "@entrepot/catalog";
import type { Descriptor, Digest } from "@entrepot/oci";
import { type RawBuilder, sql, type SqlBool } from "kysely";

/*
 * A manifest that a repository had at some moment is in that repository still, or was deleted from
 * it: then it is among the past manifests, by its digest. So what was in a repository is looked for
 * in these two tables, and the journal tells which of it was there.
 */

/** A repository at a moment. */
export interface RepositoryAt {
  readonly name: string;
  readonly seq: number;
}

type Source = Pick<Catalog, "db">;

/** The bytes of manifest `digest`, which repository `name` has or had; null if they are gone. */
export async function manifestBytesOf(
  { db }: Source,
  name: string,
  digest: Digest,
): Promise<Uint8Array | null> {
  const { rows } = await sql<{ bytes: Buffer }>`
    SELECT bytes FROM manifest JOIN repository ON repository.id = manifest.repository_id
    WHERE repository.name = ${name} AND manifest.digest = ${digest}
    UNION ALL
    SELECT bytes FROM past_manifest WHERE digest = ${digest}
    LIMIT 1
  `.execute(db);
  return rows[0]?.bytes ?? null;
}

/** Whether a manifest that the repository had then refers to blob `digest`. */
export async function hadBlob({ db }: Source, at: RepositoryAt, digest: Digest): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM (
      SELECT manifest.digest
      FROM manifest_reference AS reference
        JOIN manifest ON manifest.id = reference.manifest_id
        JOIN repository ON repository.id = manifest.repository_id
      WHERE repository.name = ${at.name} AND reference.digest = ${digest}
        AND reference.kind = 'blob'
      UNION ALL
      SELECT manifest FROM past_reference WHERE digest = ${digest} AND kind = 'blob'
    ) AS user_of_it (digest)
    WHERE ${wasThere(at, sql.ref("user_of_it.digest"))}
    LIMIT 1
  `.execute(db);
  return rows.length > 0;
}

interface ReferrerRow {
  readonly digest: string;
  readonly media_type: string;
  readonly size: number;
  readonly artifact_type: string | null;
  readonly annotations: Record<string, string> | null;
}

/** Manifests of the repository then whose subject is `subject`, by digest, at most `n`. */
export async function referrersAt(
  { db }: Source,
  at: RepositoryAt,
  subject: Digest,
  query: { n: number; last?: string | undefined; artifactType?: string | undefined },
): Promise<Descriptor[]> {
  const { rows } = await sql<ReferrerRow>`
    SELECT * FROM (
      SELECT digest, media_type, size, artifact_type, annotations
      FROM manifest JOIN repository ON repository.id = manifest.repository_id
      WHERE repository.name = ${at.name} AND subject = ${subject}
      UNION
      SELECT digest, media_type, size, artifact_type, annotations
      FROM past_manifest WHERE subject = ${subject}
    ) AS referrer
    WHERE digest > ${query.last ?? ""}
      AND ${query.artifactType ? sql`artifact_type = ${query.artifactType}` : sql`true`}
      AND ${wasThere(at, sql.ref("referrer.digest"))}
    ORDER BY digest LIMIT ${query.n}
  `.execute(db);
  return rows.map((row) => ({
    mediaType: row.media_type,
    digest: row.digest as Digest,
    size: row.size,
    ...(row.artifact_type && { artifactType: row.artifact_type }),
    ...(row.annotations && { annotations: row.annotations }),
  }));
}

/** Whether the repository had the manifest `digest` then. */
function wasThere({ name, seq }: RepositoryAt, digest: RawBuilder<unknown>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(
    SELECT after IS NOT NULL FROM journal
    WHERE kind = 'manifest' AND key = ${`${name}@`} || ${digest} AND seq <= ${seq}
    ORDER BY seq DESC LIMIT 1
  )`;
}

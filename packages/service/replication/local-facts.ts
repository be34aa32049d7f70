import type { Database } from "@entrepot/catalog";
import { cosignTagOf, type Digest, parseManifest } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import { type Fact, type Facts, factsOfManifest, SIGNATURE_TYPES } from "./facts.ts";

/** An artifact of ours; `tag` null for one without. */
export interface LocalArtifact {
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest;
}

interface Row {
  i: number;
  media_type: string;
  bytes: Buffer | null;
  labels: string[] | null;
  signed: boolean;
  pushed_at: Date;
}

/**
 * What is known here of each of `artifacts`, as far as `needs` asks, in one query; nothing of what
 * is not here any more. A tag counts as pushed when it was last moved.
 */
export async function localFacts(
  db: Kysely<Database>,
  artifacts: readonly LocalArtifact[],
  needs: ReadonlySet<Fact>,
): Promise<(Facts | null)[]> {
  const facts: (Facts | null)[] = artifacts.map(() => null);
  if (artifacts.length === 0) return facts;
  const reads = needs.has("mediaType") || needs.has("artifactType") || needs.has("platforms");
  const { rows } = await sql<Row>`
    SELECT k.i, m.media_type, CASE WHEN ${reads} THEN m.bytes END AS bytes,
      CASE WHEN ${needs.has("labels")} THEN (
        SELECT array_agg(DISTINCT l.name) FROM artifact_label a JOIN label l ON l.id = a.label_id
        WHERE a.manifest_id = m.id) END AS labels,
      ${needs.has("signed")} AND (
        EXISTS (SELECT FROM tag s WHERE s.repository_id = r.id AND s.name = k.signature)
        OR EXISTS (SELECT FROM manifest s WHERE s.repository_id = r.id AND s.subject = m.digest
                   AND s.artifact_type = ANY(${[...SIGNATURE_TYPES]}::text[]))) AS signed,
      coalesce(t.pushed_at, m.pushed_at) AS pushed_at
    FROM unnest(${artifacts.map((one) => one.repository)}::text[],
                ${artifacts.map((one) => one.tag)}::text[],
                ${artifacts.map((one) => one.digest)}::text[],
                ${artifacts.map((one) => `${cosignTagOf(one.digest)}.sig`)}::text[])
      WITH ORDINALITY AS k (repository, tag, digest, signature, i)
    JOIN repository r ON r.name = k.repository
    JOIN manifest m ON m.repository_id = r.id AND m.digest = k.digest
    LEFT JOIN tag t ON t.repository_id = r.id AND t.name = k.tag AND t.digest = k.digest
  `.execute(db);
  for (const row of rows) {
    facts[row.i - 1] = {
      ...(row.bytes && factsOfManifest(parseManifest(row.bytes, row.media_type))),
      labels: row.labels ?? [],
      signed: row.signed,
      pushedAt: row.pushed_at,
    };
  }
  return facts;
}

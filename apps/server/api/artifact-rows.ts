import type { Match } from "@entrepot/api";
import { asDigest, isTag, mediaTypes, RegistryError } from "@entrepot/oci";
import { sql, type SqlBool } from "kysely";
import type { ApiOptions } from "./app.ts";
import type { RepositoryAt } from "./repository-rows.ts";
import { matches } from "./sql-filter.ts";

/** A manifest as `artifactRows` finds it. */
export interface ArtifactRow {
  readonly id: number;
  readonly repository_id: number;
  readonly digest: string;
  readonly media_type: string;
  /** The manifest's own bytes. */
  readonly size: number;
  readonly artifact_type: string | null;
  readonly annotations: Record<string, string> | null;
  readonly pushed_at: Date;
  /** Null while nobody has. */
  readonly pulled_at: Date | null;
  /** Harbor's word for what it is. */
  readonly type: string;
}

/** The tags by which cosign hangs things on an image; characters 8 to 71 are its digest's. */
export const COSIGN_TAG = String.raw`^sha256-[0-9a-f]{64}\.(sig|att|sbom)$`;

const TAGGED = sql<SqlBool>`EXISTS (SELECT FROM tag
  WHERE tag.repository_id = manifest.repository_id AND tag.digest = manifest.digest)`;

/**
 * Whether a row of `manifest` is in its repository's list: neither a child of an index without a
 * tag of its own, nor an accessory of something that is here.
 */
export const LISTED = sql<SqlBool>`(
  NOT EXISTS (SELECT FROM manifest AS subject
    WHERE subject.repository_id = manifest.repository_id AND subject.digest = manifest.subject)
  AND NOT EXISTS (SELECT FROM tag
    JOIN manifest AS subject ON subject.repository_id = tag.repository_id
      AND subject.digest = 'sha256:' || substr(tag.name, 8, 64)
    WHERE tag.repository_id = manifest.repository_id AND tag.digest = manifest.digest
      AND tag.name ~ ${sql.lit(COSIGN_TAG)} AND subject.id <> manifest.id)
  AND (${TAGGED} OR NOT EXISTS (SELECT FROM manifest_reference
    JOIN manifest AS parent ON parent.id = manifest_reference.manifest_id
    WHERE manifest_reference.digest = manifest.digest AND manifest_reference.kind = 'manifest'
      AND parent.repository_id = manifest.repository_id))
)`;

const INDEX = sql`manifest.media_type IN (${sql.lit(mediaTypes.ociIndex)},
  ${sql.lit(mediaTypes.dockerIndex)})`;
const VENDORED = String.raw`^application/vnd\.[^.]*\.(.*)\.config\.[^.]*\+json$`;

/** Harbor's word: the media type of the config decides, an index is an image of many platforms. */
const TYPE = sql<string>`CASE
  WHEN ${INDEX} THEN 'IMAGE'
  WHEN manifest.artifact_type IN (${sql.lit(mediaTypes.ociConfig)},
    ${sql.lit(mediaTypes.dockerConfig)}) THEN 'IMAGE'
  WHEN manifest.artifact_type = 'application/vnd.cncf.helm.config.v1+json' THEN 'CHART'
  ELSE coalesce(upper(substring(manifest.artifact_type FROM ${sql.lit(VENDORED)})), 'UNKNOWN')
END`;

const PULLED_AT = sql<Date | null>`(SELECT pulled.at FROM pulled
  JOIN repository ON repository.name = pulled.repository
  WHERE repository.id = manifest.repository_id AND pulled.digest = manifest.digest)`;

/** The fields of artifacts in SQL. */
export const ARTIFACT_COLUMNS = {
  id: sql`manifest.id`,
  digest: sql`manifest.digest`,
  type: TYPE,
  media_type: sql`CASE WHEN ${INDEX} THEN manifest.media_type ELSE manifest.artifact_type END`,
  push_time: sql`manifest.pushed_at`,
  tags: hasTag,
};

/** `nil`: without a tag; `*`: with any. */
function hasTag(match: Match<unknown>) {
  if (match.kind === "is" && match.value === "nil") return sql<SqlBool>`NOT ${TAGGED}`;
  if (match.kind === "is" && match.value === "*") return TAGGED;
  if (match.kind !== "all") return tagged(match);
  const each = match.values.map((value) => tagged({ kind: "is", value }));
  return sql<SqlBool>`(${sql.join([sql`true`, ...each], sql` AND `)})`;
}

function tagged(match: Match<unknown>) {
  return sql<SqlBool>`EXISTS (SELECT FROM tag WHERE tag.repository_id = manifest.repository_id
    AND tag.digest = manifest.digest AND ${matches(sql`tag.name`, match)})`;
}

/** All manifests of repository `id`. */
export function artifactRows({ catalog }: Pick<ApiOptions, "catalog">, id: number) {
  return catalog.db
    .selectFrom("manifest")
    .where("manifest.repository_id", "=", id)
    .select([
      "manifest.id",
      "manifest.repository_id",
      "manifest.digest",
      "manifest.media_type",
      "manifest.size",
      "manifest.artifact_type",
      "manifest.annotations",
      "manifest.pushed_at",
      PULLED_AT.as("pulled_at"),
      TYPE.as("type"),
    ]);
}

/** What `reference`, a tag or a digest, names in `repository`. Throws NOT_FOUND. */
export async function artifactAt(
  options: Pick<ApiOptions, "catalog">,
  repository: RepositoryAt,
  reference: string,
): Promise<ArtifactRow> {
  const digest = asDigest(reference);
  const rows = artifactRows(options, repository.id);
  const named = digest
    ? rows.where("manifest.digest", "=", digest)
    : rows.where(tagged({ kind: "is", value: isTag(reference) ? reference : "" }));
  const row = await named.executeTakeFirst();
  if (row) return row;
  const shown = `${repository.name}${digest ? "@" : ":"}${reference}`;
  throw new RegistryError("NOT_FOUND", `artifact '${shown}' does not exist`);
}

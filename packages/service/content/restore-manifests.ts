import { type Commit, manifestChange } from "@entrepot/catalog";
import {
  asDigest,
  childrenOf,
  type Digest,
  isNonDistributable,
  parseManifest,
} from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import { sql } from "kysely";
import { recordUnlabelled } from "./labels.ts";
import { lockClocks, rule, saveClocks } from "./name-clocks.ts";
import type { Left, NameToRestore, RestoreNames, Sizes } from "./restore-names.ts";
import type { Room } from "./room.ts";

/** Files looked at in the store at a time. */
const AT_ONCE = 32;

/** A manifest that is to come back, as some repository had it. */
interface Past {
  readonly i: number;
  readonly repositoryId: number | null;
  readonly here: boolean;
  readonly mediaType: string | null;
  readonly artifactType: string | null;
  readonly subject: string | null;
  readonly size: number;
  /** Of the row that it is copied from; null: from what is kept of the past. */
  readonly sourceId: number | null;
  readonly references: readonly { readonly digest: string; readonly kind: string }[];
}

/** Puts manifests back with what they refer to, once the store has said that it has the bytes. */
export function restoreManifests(room: Room): RestoreNames {
  return async (commit, names, sizes) => {
    const back = names.filter(({ wanted }) => wanted !== null);
    const gone = names.filter(({ wanted }) => wanted === null);
    const answers = new Map<string, Left>([
      ...(await bringBack(room, commit, back, sizes)),
      ...(await takeAway(room, commit, gone)),
    ]);
    return names.map(({ key }) => answers.get(key) ?? null);
  };
}

async function bringBack(
  room: Room,
  commit: Commit,
  names: readonly NameToRestore[],
  sizes: Sizes,
): Promise<Map<string, Left>> {
  if (names.length === 0) return new Map();
  const clocks = await lockClocks(
    commit,
    names.map(({ key }) => key),
  );
  const past = await pastOf(commit, names);
  const blobs = past.flatMap(({ references }) => references.filter(isBlob));
  const known = await sizes([...new Set(blobs.map(({ digest }) => digest as Digest))]);
  const left = new Map<string, Left>();
  const added: (Past & { key: string })[] = [];
  for (const [n, { key }] of names.entries()) {
    const row = past[n]!;
    const why = row.here ? null : await inTheWay(commit, key, row, known);
    left.set(key, why);
    if (why === null && !row.here) added.push({ ...row, key });
  }
  await bytesStored(room, commit, added);
  await addRows(commit, added, known);
  const rulings = rule(room, {}, clocks);
  await saveClocks(
    commit,
    added.map(({ key }) => [key, rulings.get(key)!] as const),
  );
  for (const { key, mediaType, artifactType, subject, size } of added) {
    const { repository, digest } = partsOf(key);
    const row = { media_type: mediaType!, artifact_type: artifactType, subject, size };
    const { clock } = rulings.get(key)!;
    commit.record({ ...manifestChange(repository, digest, row), clock });
  }
  return left;
}

async function pastOf(commit: Commit, names: readonly NameToRestore[]): Promise<Past[]> {
  const parts = names.map(({ key }) => partsOf(key));
  const { rows } = await sql<Past>`
    SELECT k.i, r.id AS "repositoryId", here.id IS NOT NULL AS here,
      was.media_type AS "mediaType", was.artifact_type AS "artifactType", was.subject,
      was.size, was.id AS "sourceId", coalesce(refs.list, '[]') AS references
    FROM unnest(${parts.map(({ repository }) => repository)}::text[],
                ${parts.map(({ digest }) => digest)}::text[],
                ${names.map(({ source }) => source ?? null)}::text[])
      WITH ORDINALITY AS k (repository, digest, source, i)
    LEFT JOIN LATERAL (SELECT id FROM repository WHERE name = k.repository LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
      SELECT id FROM manifest
      WHERE repository_id = r.id AND digest = k.digest LIMIT 1) AS here ON true
    LEFT JOIN LATERAL (
      SELECT media_type, artifact_type, subject, size, NULL::bigint AS id
      FROM past_manifest WHERE digest = k.digest
      UNION ALL
      SELECT media_type, artifact_type, subject, size, manifest.id
      FROM manifest JOIN repository ON repository.id = manifest.repository_id
      WHERE repository.name = k.source AND digest = k.digest
      LIMIT 1) AS was ON true
    LEFT JOIN LATERAL (
      SELECT json_agg(json_build_object('digest', digest, 'kind', kind)) AS list FROM (
        SELECT digest, kind FROM past_reference WHERE was.id IS NULL AND manifest = k.digest
        UNION ALL
        SELECT digest, kind FROM manifest_reference WHERE manifest_id = was.id
      ) AS ref) AS refs ON true
    ORDER BY k.i
  `.execute(commit.db);
  return rows;
}

/** Why a manifest cannot come back, or null. */
async function inTheWay(
  commit: Commit,
  key: string,
  row: Past,
  known: ReadonlyMap<string, number>,
): Promise<Left> {
  if (row.repositoryId === null) return "its repository does not exist";
  if (row.mediaType === null) return "nothing is kept of it any more";
  const lacking = row.references.filter((ref) => isBlob(ref) && !known.has(ref.digest));
  if (lacking.length === 0) return null;
  const elsewhere = await keptElsewhere(commit, partsOf(key).digest, row.sourceId);
  const missing = lacking.find(({ digest }) => !elsewhere.has(digest));
  return missing ? `blob ${missing.digest} is not in the store any more` : null;
}

/** Blobs of a manifest that are fetched from somewhere else, and need not be here. */
async function keptElsewhere(
  { db }: Commit,
  digest: string,
  sourceId: number | null,
): Promise<ReadonlySet<string>> {
  const row = await (
    sourceId === null
      ? db.selectFrom("past_manifest").select(["bytes", "media_type"]).where("digest", "=", digest)
      : db.selectFrom("manifest").select(["bytes", "media_type"]).where("id", "=", sourceId)
  ).executeTakeFirstOrThrow();
  const { blobs } = childrenOf(parseManifest(row.bytes, row.media_type));
  return new Set(blobs.filter((blob) => isNonDistributable(blob)).map((blob) => blob.digest));
}

/** The manifests' own bytes lie in the store, too; where they do not, they are put there. */
async function bytesStored(
  { store }: Room,
  { db }: Commit,
  added: readonly { key: string; sourceId: number | null }[],
): Promise<void> {
  await eachOf(added, AT_ONCE, async ({ key, sourceId }) => {
    const digest = asDigest(partsOf(key).digest)!;
    if ((await store.stat(digest)) !== null) return;
    const row = await (
      sourceId === null
        ? db.selectFrom("past_manifest").select("bytes").where("digest", "=", digest)
        : db.selectFrom("manifest").select("bytes").where("id", "=", sourceId)
    ).executeTakeFirstOrThrow();
    await store.put(digest, row.bytes);
  });
}

async function addRows(
  commit: Commit,
  added: readonly (Past & { key: string })[],
  known: ReadonlyMap<string, number>,
): Promise<void> {
  if (added.length === 0) return;
  const parts = added.map(({ key }) => partsOf(key));
  await sql`
    WITH k AS (
      SELECT * FROM unnest(${added.map(({ repositoryId }) => repositoryId)}::integer[],
                           ${parts.map(({ digest }) => digest)}::text[],
                           ${added.map(({ sourceId }) => sourceId)}::bigint[])
        AS k (repository_id, digest, source_id)
    ), added AS (
      INSERT INTO manifest
        (repository_id, digest, media_type, size, artifact_type, subject, annotations, bytes)
      SELECT k.repository_id, k.digest, was.*
      FROM k CROSS JOIN LATERAL (
        SELECT media_type, size, artifact_type, subject, annotations, bytes
        FROM past_manifest WHERE k.source_id IS NULL AND digest = k.digest
        UNION ALL
        SELECT media_type, size, artifact_type, subject, annotations, bytes
        FROM manifest WHERE id = k.source_id
      ) AS was
      RETURNING id, repository_id, digest
    )
    INSERT INTO manifest_reference (manifest_id, digest, kind, position)
    SELECT added.id, ref.digest, ref.kind, ref.position
    FROM added JOIN k USING (repository_id, digest) CROSS JOIN LATERAL (
      SELECT digest, kind, position
      FROM past_reference WHERE k.source_id IS NULL AND manifest = k.digest
      UNION ALL
      SELECT digest, kind, position FROM manifest_reference WHERE manifest_id = k.source_id
    ) AS ref
  `.execute(commit.db);
  const blobs = added.flatMap(({ key, references }) =>
    references
      .filter((ref) => isBlob(ref) && known.has(ref.digest))
      .map(({ digest }) => ({ repository: partsOf(key).repository, digest })),
  );
  await sql`
    INSERT INTO repository_blob (repository, digest, size, project_id)
    SELECT DISTINCT k.repository, k.digest, k.size, project.id
    FROM unnest(${blobs.map(({ repository }) => repository)}::text[],
                ${blobs.map(({ digest }) => digest)}::text[],
                ${blobs.map(({ digest }) => known.get(digest))}::bigint[])
      AS k (repository, digest, size)
    JOIN project ON project.name = split_part(k.repository, '/', 1)
    ORDER BY k.repository, k.digest
    ON CONFLICT (repository, digest) DO UPDATE SET condemned_at = NULL
      WHERE repository_blob.condemned_at IS NOT NULL
  `.execute(commit.db);
}

/** Takes manifests away that no tag names and no index needs which stays. */
async function takeAway(
  room: Room,
  commit: Commit,
  names: readonly NameToRestore[],
): Promise<Map<string, Left>> {
  if (names.length === 0) return new Map();
  const clocks = await lockClocks(
    commit,
    names.map(({ key }) => key),
  );
  const parts = names.map(({ key }) => partsOf(key));
  // First, so that what follows sees the tags and indexes that come to them at this moment.
  await sql`
    SELECT FROM manifest
    JOIN repository r ON r.id = manifest.repository_id
    JOIN unnest(${parts.map(({ repository }) => repository)}::text[],
                ${parts.map(({ digest }) => digest)}::text[]) AS k (repository, digest)
      ON k.repository = r.name AND k.digest = manifest.digest
    ORDER BY manifest.id
    FOR UPDATE OF manifest
  `.execute(commit.db);
  const { rows } = await sql<{ i: number; id: number; tag: string | null; parents: string[] }>`
    SELECT k.i, m.id, (
      SELECT name FROM tag
      WHERE tag.repository_id = r.id AND tag.digest = k.digest LIMIT 1) AS tag, ARRAY(
      SELECT parent.digest FROM manifest_reference ref
      JOIN manifest parent ON parent.id = ref.manifest_id AND parent.repository_id = r.id
      WHERE ref.digest = k.digest AND ref.kind = 'manifest') AS parents
    FROM unnest(${parts.map(({ repository }) => repository)}::text[],
                ${parts.map(({ digest }) => digest)}::text[])
      WITH ORDINALITY AS k (repository, digest, i)
    JOIN repository r ON r.name = k.repository
    JOIN manifest m ON m.repository_id = r.id AND m.digest = k.digest
  `.execute(commit.db);
  const going = new Map(rows.map((row) => [names[row.i - 1]!.key, row]));
  const left = new Map<string, Left>();
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [key, { tag, parents }] of going) {
      const { repository } = partsOf(key);
      const parent = parents.find((digest) => !going.has(`${repository}@${digest}`));
      if (tag === null && parent === undefined) continue;
      left.set(key, tag === null ? `index ${parent} needs it` : `tag ${tag} names it`);
      going.delete(key);
    }
  }
  const ids = [...going.values()].map(({ id }) => id);
  await recordUnlabelled(commit, ids);
  await sql`DELETE FROM manifest WHERE id = ANY(${ids}::bigint[])`.execute(commit.db);
  const rulings = rule(room, {}, clocks);
  await saveClocks(
    commit,
    [...going.keys()].map((key) => [key, rulings.get(key)!] as const),
  );
  for (const key of going.keys()) {
    const { repository, digest } = partsOf(key);
    const { clock } = rulings.get(key)!;
    commit.record({ ...manifestChange(repository, digest, null), clock });
  }
  return left;
}

const isBlob = ({ kind }: { readonly kind: string }): boolean => kind === "blob";

function partsOf(key: string): { repository: string; digest: string } {
  const at = key.indexOf("@");
  return { repository: key.slice(0, at), digest: key.slice(at + 1) };
}

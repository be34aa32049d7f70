import {
  artifactTypeOf,
  asDigest,
  algorithmOf,
  childrenOf,
  type Digest,
  digestOf,
  isNonDistributable,
  type Manifest,
  parseManifest,
} from "@entrepot/oci";
import { sql } from "kysely";
import { inScope } from "./expected.ts";
import type { CheckContext, NewFinding } from "./ports.ts";

const BATCH = 200;

interface Row {
  readonly id: number;
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType: string | null;
  readonly subject: string | null;
  readonly bytes: Buffer;
  /** Its project is a proxy, whose indexes come before their children. */
  readonly sparse: boolean;
  /** As the rows say, in their order. */
  readonly references: readonly string[];
  /** Of those and the subject, what the repository has. */
  readonly here: readonly string[];
}

type Source = Pick<CheckContext["catalog"], "db">;

/** Checks the next manifests after row `after` of `scope`. `next` is null after the last. */
export async function checkManifests(
  { db }: Source,
  scope: string,
  after: number,
): Promise<{ next: number | null; findings: NewFinding[]; manifests: number }> {
  const { rows } = await sql<Row>`
    SELECT m.id, r.name AS repository, m.digest, m.media_type AS "mediaType", m.size,
      m.artifact_type AS "artifactType", m.subject, m.bytes,
      p.registry_id IS NOT NULL AS sparse,
      array(SELECT f.kind || ' ' || f.digest FROM manifest_reference f
        WHERE f.manifest_id = m.id ORDER BY f.position) AS references,
      array(
        SELECT 'blob ' || b.digest FROM manifest_reference f
          JOIN repository_blob b ON b.repository = r.name AND b.digest = f.digest
        WHERE f.manifest_id = m.id AND f.kind = 'blob'
        UNION ALL
        SELECT 'manifest ' || c.digest FROM manifest c WHERE c.repository_id = r.id
          AND (c.digest = m.subject OR c.digest IN (
            SELECT f.digest FROM manifest_reference f
            WHERE f.manifest_id = m.id AND f.kind = 'manifest'))) AS here
    FROM manifest m JOIN repository r ON r.id = m.repository_id
      JOIN project p ON p.id = r.project_id
    WHERE m.id > ${after} AND ${inScope(scope)("r.name")}
    ORDER BY m.id LIMIT ${BATCH}
  `.execute(db);
  const next = rows.length === BATCH ? rows.at(-1)!.id : null;
  return { next, findings: rows.flatMap(findingsOf), manifests: rows.length };
}

/** What is wrong with one manifest: one statement saw it and what it refers to. */
function findingsOf(row: Row): NewFinding[] {
  const name = `${row.repository}@${row.digest}`;
  const size = row.bytes.length;
  if (!asDigest(row.digest) || digestOf(row.bytes, algorithmOf(row.digest)) !== row.digest) {
    const detail = `the ${size} bytes in its row have another digest`;
    return [{ class: "manifest-bytes", name, size: row.size, detail }];
  }
  let manifest: Manifest;
  try {
    manifest = parseManifest(row.bytes, row.mediaType);
  } catch (error) {
    const detail = `its bytes are no ${row.mediaType}: ${(error as Error).message}`;
    return [{ class: "manifest-row", name, size, detail }];
  }
  const findings: NewFinding[] = [];
  const wrong = wrongColumns(row, manifest);
  if (wrong.length > 0) {
    const detail = `unlike its bytes: ${wrong.join(", ")}`;
    findings.push({ class: "manifest-row", name, size, detail });
  }
  const here = new Set(row.here);
  const { blobs, manifests } = childrenOf(manifest);
  const wanted = [
    ...blobs.filter((one) => !isNonDistributable(one)).map((one) => `blob ${one.digest}`),
    ...(row.sparse ? [] : manifests.map((one) => `manifest ${one.digest}`)),
  ];
  // What the rows do not tell was not looked for.
  const known = new Set(row.references);
  const lacking = wanted.filter((one) => known.has(one) && !here.has(one));
  if (lacking.length > 0) {
    const detail = `its repository does not have ${lacking.join(", ")}`;
    findings.push({ class: "dangling-child", name, size, detail });
  }
  const subject = manifest.subject?.digest;
  if (subject && subject === row.subject && !here.has(`manifest ${subject}`)) {
    const detail = `its subject ${subject} is not in its repository`;
    findings.push({ class: "dangling-referrer", name, size, detail });
  }
  return findings;
}

/** Names of what the row says unlike its bytes. */
function wrongColumns(
  row: Pick<Row, "size" | "bytes" | "mediaType" | "artifactType" | "subject" | "references">,
  manifest: Manifest,
): string[] {
  const { blobs, manifests } = childrenOf(manifest);
  const references = [
    ...blobs.map((one) => `blob ${one.digest}`),
    ...manifests.map((one) => `manifest ${one.digest}`),
  ];
  const wrong: string[] = [];
  if (row.size !== row.bytes.length) wrong.push(`size (${row.size}, not ${row.bytes.length})`);
  if (row.mediaType !== manifest.mediaType) wrong.push("media type");
  if (row.artifactType !== (artifactTypeOf(manifest) ?? null)) wrong.push("artifact type");
  if (row.subject !== (manifest.subject?.digest ?? null)) wrong.push("subject");
  if (row.references.join() !== references.join()) wrong.push("references");
  return wrong;
}

import type { Database } from "@entrepot/catalog";
import { algorithmOf, type Digest, digestOf } from "@entrepot/oci";
import { sql, type Transaction } from "kysely";
import { damaged } from "../backup/format.ts";
import { readParts } from "../backup/parts.ts";
import type { Kept } from "../backup/target-objects.ts";
import { batchesOf, type NameLine } from "./backup-entries.ts";
import type { BackupToRead } from "./ports.ts";

/**
 * Reads out of a backup what the manifests of plan `planId` were that nothing is kept of here, into
 * the temporary tables `staged_manifest` and `staged_reference`: nothing that anybody else works
 * with is locked while the backup is asked. Throws INTEGRITY for one that is another.
 */
export async function readManifests(
  db: Transaction<Database>,
  { objects, open, links }: BackupToRead & { readonly links: readonly Kept[] },
  planId: number,
): Promise<void> {
  for (const table of ["manifest", "reference"]) {
    const [staged, past] = [sql.table(`staged_${table}`), sql.table(`past_${table}`)];
    await sql`CREATE TEMPORARY TABLE ${staged} (LIKE ${past} INCLUDING DEFAULTS)
      ON COMMIT DROP`.execute(db);
  }
  const { rows } = await sql<{ digest: string }>`
    ${wantedBy(planId)} EXCEPT SELECT digest FROM past_manifest`.execute(db);
  const lacking = new Set(rows.map(({ digest }) => digest));
  if (lacking.size === 0) return;

  const staged = new Set<string>();
  const digests = new Map<number, string>();
  const manifests = batchesOf((text) => addManifests(db, text));
  const references = batchesOf((text) => addReferences(db, text));
  const isNew = (digest: unknown): digest is string =>
    typeof digest === "string" && lacking.has(digest);
  const take = async (table: string, line: NameLine) => {
    if (table === "manifest" || table === "past_manifest") {
      if (!isNew(line["digest"])) return;
      digests.set(Number(line["id"]), line["digest"]);
      if (staged.has(line["digest"])) return;
      staged.add(line["digest"]);
      check(line["digest"] as Digest, String(line["bytes"]));
      await manifests.add(line);
    } else if (table === "manifest_reference") {
      const manifest = digests.get(Number(line["manifest_id"]));
      if (manifest !== undefined) await references.add({ ...line, manifest });
    } else if (isNew(line["manifest"])) await references.add(line);
  };
  for (const { manifest } of links) {
    let table = "";
    for await (const line of readParts<NameLine>(objects, manifest.names, open)) {
      const next = line["@table"];
      if (next === undefined) {
        if (TABLES.has(table)) await take(table, line);
        continue;
      }
      // What refers comes after what it is of.
      await manifests.end();
      await references.end();
      table = next;
    }
    await manifests.end();
    await references.end();
  }
}

/**
 * Brings what was staged to where deleted manifests are kept; and keeps those that are there from
 * garbage collection for as long as what was deleted just now. Repeating is safe. Until the
 * transaction ends nobody else can delete these manifests.
 */
export async function keepManifests(db: Transaction<Database>, planId: number): Promise<void> {
  await sql`UPDATE past_manifest SET since = clock_timestamp(), held_by = 'history'
    WHERE digest IN (${wantedBy(planId)})`.execute(db);
  await sql`
    WITH kept AS (
      INSERT INTO past_manifest
        (digest, media_type, size, artifact_type, subject, annotations, bytes)
      SELECT digest, media_type, size, artifact_type, subject, annotations, bytes
      FROM staged_manifest ORDER BY digest ON CONFLICT DO NOTHING RETURNING digest
    )
    INSERT INTO past_reference (manifest, digest, kind, position)
    -- An image of several repositories, or of several states, is told several times.
    SELECT DISTINCT manifest, staged_reference.digest, kind, position
    FROM staged_reference JOIN kept ON kept.digest = manifest`.execute(db);
}

const wantedBy = (planId: number) => sql`
  SELECT DISTINCT split_part(key, '@', 2) AS digest FROM restore_item
  WHERE plan_id = ${planId} AND kind = 'manifest' AND wanted IS NOT NULL`;

const TABLES: ReadonlySet<string> = new Set([
  "manifest",
  "manifest_reference",
  "past_manifest",
  "past_reference",
]);

function check(digest: Digest, bytes: string): void {
  const found = digestOf(Buffer.from(bytes.slice(2), "hex"), algorithmOf(digest));
  if (found !== digest) throw damaged(`manifest ${digest}`, "its bytes have another digest");
}

async function addManifests(db: Transaction<Database>, text: string): Promise<void> {
  await sql`
    INSERT INTO staged_manifest
      (digest, media_type, size, artifact_type, subject, annotations, bytes)
    SELECT digest, media_type, size, artifact_type, subject, annotations, bytes
    FROM json_populate_recordset(null::past_manifest, ${text}::json)`.execute(db);
}

async function addReferences(db: Transaction<Database>, text: string): Promise<void> {
  await sql`
    INSERT INTO staged_reference (manifest, digest, kind, position)
    SELECT manifest, digest, kind, position
    FROM json_populate_recordset(null::past_reference, ${text}::json)`.execute(db);
}

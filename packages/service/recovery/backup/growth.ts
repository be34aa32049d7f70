import type { Catalog } from "@entrepot/catalog";
import type { ObjectStore } from "@entrepot/storage";
import { sql } from "kysely";
import type { BackupManifest } from "./format.ts";
import { readChains } from "./target-objects.ts";

/** How long days are kept. */
const KEPT_DAYS = 400;

/** What a target held at the end of a day. */
export interface BackupSample {
  /** `2026-07-01`. */
  readonly day: string;
  readonly bytes: number;
}

type Source = Pick<Catalog, "db">;

/**
 * Notes that a backup into the target `id` has just written `manifest`. Of a target that nothing is
 * known of yet, all that lies in it is counted. The target's lease is the caller's: of two at once
 * only one would be counted.
 */
export async function noteWritten(
  { db }: Source,
  id: number,
  objects: ObjectStore,
  manifest: BackupManifest,
): Promise<void> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT bytes FROM backup_sample WHERE target_id = ${id} ORDER BY day DESC LIMIT 1`.execute(db);
  const before = rows[0]?.bytes;
  const isKnown = before !== undefined;
  await noteHeld({ db }, id, isKnown ? before + bytesOf(manifest) : await bytesIn(objects));
}

/** Notes that the target `id` holds `bytes` now, but for the files that only tell of the others. */
export async function noteHeld({ db }: Source, id: number, bytes: number): Promise<void> {
  await sql`
    INSERT INTO backup_sample (target_id, day, bytes) VALUES (${id}, current_date, ${bytes}::bigint)
    ON CONFLICT (target_id, day) DO UPDATE SET bytes = excluded.bytes`.execute(db);
  await sql`
    DELETE FROM backup_sample WHERE target_id = ${id} AND day < current_date - ${KEPT_DAYS}::integer
  `.execute(db);
}

/**
 * What the target `id` held at the end of each of the last `days`, oldest first, from the first day
 * on of which that is known.
 */
export async function growthOf({ db }: Source, id: number, days: number): Promise<BackupSample[]> {
  const { rows } = await sql<BackupSample>`
    SELECT shown::date::text AS day, bytes
    FROM generate_series(current_date - ${days}::integer + 1, current_date, '1 day') AS shown,
      LATERAL (SELECT bytes FROM backup_sample
        WHERE target_id = ${id} AND day <= shown::date ORDER BY day DESC LIMIT 1) AS last
    ORDER BY 1`.execute(db);
  return rows;
}

/** What a backup adds to its target: its names, and the blobs that were new. */
function bytesOf(manifest: BackupManifest): number {
  const { n, names, blobs, newBytes, blobBytes } = manifest;
  const parts = [...names, ...blobs].reduce((total, { bytes }) => total + bytes, 0);
  // Those of before it was told: a snapshot's blobs as if all were new.
  return parts + (newBytes ?? (n === 0 ? blobBytes : 0));
}

async function bytesIn(objects: ObjectStore): Promise<number> {
  const links = (await readChains(objects)).flatMap((chain) => chain.links);
  return links.reduce((total, { manifest }) => total + bytesOf(manifest), 0);
}

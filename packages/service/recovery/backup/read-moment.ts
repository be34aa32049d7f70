import { randomBytes } from "node:crypto";
import type { Catalog, Database } from "@entrepot/catalog";
import type { PacedWork } from "@entrepot/jobs";
import type { ObjectStore } from "@entrepot/storage";
import { sql, type Transaction } from "kysely";
import { HISTORY_BEGINS } from "../history/held-moment.ts";
import { ALL_BLOBS, blobsSince, type Reading, readingsSince } from "./changed-names.ts";
import type { Conversion } from "./encryption.ts";
import { type BackupManifest, formatFor, type PartInfo, sha256 } from "./format.ts";
import { plain } from "./encryption.ts";
import { writeParts } from "./parts.ts";
import { readRows } from "./read-rows.ts";
import { quoted, readTableKinds } from "./table-kinds.ts";
import type { Kept } from "./target-objects.ts";
import { withinScope } from "./within-scope.ts";

/** What was seen of small tables, by name: they are written again only when they have changed. */
export type SeenTables = Map<string, string>;

/** A moment of the database, in the target but for its blobs and its manifest file. */
export type MomentRead = Omit<BackupManifest, "blobCount" | "blobBytes" | "absent">;

type Db = Transaction<Database>;

/** Nothing to be written up to this moment. */
export interface Unchanged {
  readonly read: null;
  readonly seq: number;
  readonly at: string;
}

/** From where on the journal tells every moment. */
const HISTORY: Reading = {
  table: "setting",
  rows: `SELECT row_to_json(t)::text FROM setting t WHERE key = '${HISTORY_BEGINS}'`,
};

/** What reading needs. */
export interface ReadOptions {
  readonly catalog: Catalog;
  readonly objects: ObjectStore;
  readonly seal: Conversion;
  /** Only what is in these projects and repositories, sorted; empty: everything. */
  readonly scope?: readonly string[] | undefined;
  /** Without lists of blobs. */
  readonly namesOnly?: boolean | undefined;
  readonly paced?: PacedWork | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Writes all names as a new snapshot, as one moment shows them, with flat memory. */
export async function readSnapshot(options: ReadOptions): Promise<MomentRead> {
  return await atOneMoment(options.catalog, async (db) => {
    const facts = await readFacts(options.catalog, db);
    const made = String(Date.parse(facts.at)).padStart(14, "0");
    const id = `${made}-${randomBytes(4).toString("hex")}`;
    const prefix = prefixOf(id, 0);
    const { scope = [] } = options;
    // Of a part of the registry: what a segment from its beginning on would hold.
    const isPart = scope.length > 0;
    const readings = isPart
      ? [...readingsSince(0, withinScope(scope)), HISTORY]
      : (await readTableKinds(db)).all.map((table) => ({ table, rows: rowsOf(table) }));
    const names = await writeNames(options, db, `${prefix}names-`, readings);
    return {
      ...facts,
      format: formatFor(scope),
      snapshot: id,
      n: 0,
      from: 0,
      previous: null,
      names,
      blobs: await readBlobs(
        options,
        db,
        prefix,
        isPart ? blobsSince(0, withinScope(scope)) : ALL_BLOBS,
      ),
    };
  });
}

/**
 * Writes what has changed since `tip` as the next segment of its chain, if anything has. Small
 * tables that are as `seen` tells are left out; what was written is noted there by `note`, to be
 * called once the segment counts.
 */
export async function readSegment(
  options: ReadOptions,
  { manifest: before, sha256: previous }: Kept,
  seen: SeenTables,
): Promise<{ read: MomentRead; note: () => void } | Unchanged> {
  const { scope = [] } = options;
  const within = withinScope(scope);
  return await atOneMoment(options.catalog, async (db) => {
    const facts = await readFacts(options.catalog, db);
    const changed = scope.length > 0 ? new Map<string, string>() : await changedTables(db, seen);
    const isMore = facts.to !== before.to && (await hasEntries(db, before.to, within));
    if (!isMore && changed.size === 0) return { read: null, seq: facts.to, at: facts.at };
    const n = before.n + 1;
    const prefix = prefixOf(before.snapshot, n);
    const readings = isMore ? readingsSince(before.to, within) : [];
    for (const table of changed.keys()) readings.push({ table, rows: rowsOf(table) });
    const names = await writeNames(options, db, `${prefix}names-`, readings, changed);
    const read = {
      ...facts,
      format: formatFor(scope),
      snapshot: before.snapshot,
      n,
      from: before.to,
      previous,
      names,
      blobs: await readBlobs(options, db, prefix, blobsSince(before.to, within)),
    };
    const note = () => {
      for (const [table, sum] of changed) seen.set(table, sum);
    };
    return { read, note };
  });
}

/** Writes the rows of `readings`, those of `whole` tables in place of all that they had. */
async function writeNames(
  { objects, seal, signal, paced }: ReadOptions,
  db: Db,
  prefix: string,
  readings: readonly Reading[],
  whole: ReadonlyMap<string, string> = new Map(),
): Promise<PartInfo[]> {
  const names = writeParts(objects, prefix, seal);
  for (const { table, rows } of readings) {
    await names.add(tableLine(table, whole.has(table)));
    for await (const row of readRows(db, rows, paced)) {
      signal?.throwIfAborted();
      await names.add(row);
    }
  }
  return await names.end();
}

async function hasEntries(db: Db, after: number, within: string): Promise<boolean> {
  const { rows } = await sql
    .raw(`SELECT FROM journal WHERE seq > ${after} AND ${within} LIMIT 1`)
    .execute(db);
  return rows.length > 0;
}

/** Versions of the schema, newest last: segments go on only while they stay. */
export async function schemaOf(db: Catalog["db"]): Promise<number[]> {
  const rows = await db.selectFrom("schema_version").select("version").orderBy("version").execute();
  return rows.map(({ version }) => version);
}

/** Lists of digests are never encrypted: they are the names of the blobs beside them. */
async function readBlobs(options: ReadOptions, db: Db, prefix: string, query: string) {
  const { objects, signal, namesOnly, paced } = options;
  if (namesOnly) return [];
  const blobs = writeParts(objects, `${prefix}blobs-`, plain);
  for await (const line of readRows(db, query, paced)) {
    signal?.throwIfAborted();
    await blobs.add(line);
  }
  return await blobs.end();
}

function atOneMoment<T>({ db }: Pick<Catalog, "db">, read: (db: Db) => Promise<T>): Promise<T> {
  const moment = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  return moment.execute(read);
}

async function readFacts({ registryId }: Catalog, db: Db) {
  // The first statement fixes the moment; its time is therefore not before what it shows.
  const { rows } = await sql<{ timeline: number; seq: number; at: Date }>`
    SELECT timeline, seq, clock_timestamp() AS at FROM journal_head`.execute(db);
  const { timeline, seq, at } = rows[0]!;
  const sequences = await sql<{ name: string; value: number; called: boolean }>`
    SELECT sequencename::text AS name, coalesce(last_value, start_value) AS value,
      last_value IS NOT NULL AS called
    FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`.execute(db);
  return {
    registry: registryId,
    timeline,
    schema: await schemaOf(db),
    to: seq,
    at: at.toISOString(),
    sequences: sequences.rows,
  };
}

/** Small tables that are not as `seen` has them, with a checksum of what they are now. */
async function changedTables(db: Db, seen: SeenTables): Promise<SeenTables> {
  const sumOf = (table: string, n: number) => `
    SELECT ${n} AS n, md5(string_agg(sum, '' ORDER BY sum)) AS sum FROM (
      SELECT md5((to_jsonb(t) - ${unsteady(table)})::text) AS sum FROM ${quoted(table)} t) sums`;
  const { whole } = await readTableKinds(db);
  // One statement: whoever follows asks this every few seconds.
  const query = sql.raw<{ n: number; sum: string | null }>(whole.map(sumOf).join(" UNION ALL "));
  const { rows } = await query.execute(db);
  const sums = rows
    .toSorted((one, next) => one.n - next.n)
    .map(({ n, sum }) => [whole[n]!, sha256(sum ?? "")] as const);
  return new Map(sums.filter(([table, sum]) => seen.get(table) !== sum));
}

/** Columns that tell how things go, and change by themselves: no reason for a segment. */
function unsteady(table: string): string {
  const columns = table === "journal_cursor" ? [...UNSTEADY, "seq"] : UNSTEADY;
  return `ARRAY[${columns.map((column) => `'${column}'`).join(", ")}]`;
}

const UNSTEADY: readonly string[] = [
  "checked_at",
  "last_error",
  "lease_holder",
  "lease_until",
  "next_at",
  "status",
  "status_text",
  "tip",
];

function rowsOf(table: string): string {
  return `SELECT row_to_json(t)::text FROM ${quoted(table)} t`;
}

/** The rows that follow are of `table`; `whole`: and replace all that it had. */
function tableLine(table: string, whole = false): string {
  return JSON.stringify({ "@table": table, ...(whole && { whole }) });
}

/** Runs that were cut off leave parts that nobody names: a run never writes over another's. */
function prefixOf(id: string, n: number): string {
  return `parts/${id}/${String(n).padStart(8, "0")}-${randomBytes(4).toString("hex")}/`;
}

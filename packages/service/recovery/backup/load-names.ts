import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import { sql, type Transaction } from "kysely";
import type { Conversion } from "./encryption.ts";
import type { BackupManifest } from "./format.ts";
import { readParts } from "./parts.ts";
import { quoted, readTableKinds } from "./table-kinds.ts";

type Db = Transaction<Database>;

const MOST_ROWS = 1_000;
const MOST_CHARACTERS = 2 * 1024 * 1024;

/** What a line of a part of names holds: whose rows follow, or a row. */
type Line = { readonly "@table": string; readonly whole?: boolean } | Record<string, unknown>;

/**
 * Runs `load` with neither references between tables nor triggers, so that rows may come in any
 * order and nothing follows from them; puts both back, which checks every reference.
 */
export async function withBareTables(db: Db, load: () => Promise<void>): Promise<void> {
  const references = await sql<{ relation: string; name: string; definition: string }>`
    SELECT conrelid::regclass::text AS relation, conname AS name,
      pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`.execute(db);
  const triggers = await sql<{ relation: string }>`
    SELECT DISTINCT tgrelid::regclass::text AS relation FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace`.execute(db);
  const alter = (relation: string, change: string) =>
    sql.raw(`ALTER TABLE ${relation} ${change}`).execute(db);

  for (const { relation, name } of references.rows) {
    await alter(relation, `DROP CONSTRAINT ${quoted(name)}`);
  }
  for (const { relation } of triggers.rows) await alter(relation, "DISABLE TRIGGER USER");
  await load();
  for (const { relation } of triggers.rows) await alter(relation, "ENABLE TRIGGER USER");
  for (const { relation, name, definition } of references.rows) {
    await alter(relation, `ADD CONSTRAINT ${quoted(name)} ${definition}`);
  }
}

/** Loads the snapshot or segment `manifest` on top of what was loaded before it. */
export async function loadNames(
  db: Db,
  objects: ObjectStore,
  manifest: BackupManifest,
  open: Conversion,
): Promise<void> {
  const { all } = await readTableKinds(db);
  if (manifest.n === 0) await sql.raw(`TRUNCATE ${all.map(quoted).join(", ")}`).execute(db);
  const known = new Set(all);
  let rows: RowWriter | null = null;
  for await (const line of readParts<Line>(objects, manifest.names, open)) {
    if ("@table" in line) {
      await rows?.end();
      // In a segment the journal comes first: it tells what the names that follow replace.
      if (rows?.table === "journal" && manifest.n > 0) await clearChanged(db, manifest);
      rows = await writerOf(db, String(line["@table"]), known);
      if (line.whole === true) await sql.raw(`DELETE FROM ${quoted(rows.table)}`).execute(db);
    } else {
      if (!rows) throw new RegistryError("INTEGRITY", "a part of the backup begins with a row");
      await rows.add(JSON.stringify(line));
    }
  }
  await rows?.end();
  for (const { name, value, called } of manifest.sequences) {
    await sql`SELECT setval(to_regclass(${quoted(name)}), ${value}, ${called})
      WHERE to_regclass(${quoted(name)}) IS NOT NULL`.execute(db);
  }
}

interface RowWriter {
  readonly table: string;
  add(row: string): Promise<void>;
  end(): Promise<void>;
}

async function writerOf(db: Db, table: string, known: ReadonlySet<string>): Promise<RowWriter> {
  if (!known.has(table)) {
    throw new RegistryError("INTEGRITY", `the backup holds a table ${table} that there is not`);
  }
  const { rows: columns } = await sql<{ name: string; isNeeded: boolean; type: string }>`
    SELECT column_name::text AS name, is_nullable = 'NO' AS "isNeeded", data_type::text AS type
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ${table}
  `.execute(db);
  const names = columns.map(({ name }) => quoted(name)).join(", ");
  // A JSON null and none at all are one in a row that is JSON.
  const values = columns.map(({ name, isNeeded, type }) =>
    isNeeded && type === "jsonb" ? `coalesce(${quoted(name)}, 'null')` : quoted(name),
  );
  const insert =
    `INSERT INTO ${quoted(table)} (${names}) SELECT ${values.join(", ")} ` +
    `FROM json_populate_recordset(null::${quoted(table)}, `;
  let batch: string[] = [];
  let characters = 0;
  const end = async () => {
    if (batch.length === 0) return;
    const text = `[${batch.join(",")}]`;
    await sql`${sql.raw(insert)} ${text}::json) ON CONFLICT DO NOTHING`.execute(db);
    batch = [];
    characters = 0;
  };
  return {
    table,
    end,
    async add(row) {
      batch.push(row);
      characters += row.length;
      if (batch.length >= MOST_ROWS || characters >= MOST_CHARACTERS) await end();
    },
  };
}

/** Takes away what the names that changed in this segment were before: what they are follows. */
async function clearChanged(db: Db, { from, to }: BackupManifest): Promise<void> {
  await sql`
    CREATE TEMPORARY TABLE changed_names ON COMMIT DROP AS
    SELECT DISTINCT kind, key, split_part(split_part(key, '@', 1), ':', 1) AS repository,
      split_part(key, '@', 2) AS digest, bool_or(after IS NULL) AS went
    FROM journal WHERE seq > ${from} AND seq <= ${to}
      AND kind IN ('tag', 'manifest', 'artifact_label', 'repository')
    GROUP BY kind, key`.execute(db);
  const changedManifests = `
    SELECT m.id FROM manifest m JOIN repository r ON r.id = m.repository_id
    JOIN changed_names c ON c.kind IN ('manifest', 'artifact_label')
      AND c.repository = r.name AND c.digest = m.digest`;
  for (const statement of [
    `DELETE FROM tag USING repository r, changed_names c WHERE r.id = tag.repository_id
       AND c.kind = 'tag' AND c.key = r.name || ':' || tag.name`,
    `DELETE FROM artifact_label WHERE manifest_id IN (${changedManifests})`,
    `DELETE FROM manifest_reference WHERE manifest_id IN (${changedManifests})`,
    `DELETE FROM manifest WHERE id IN (${changedManifests})`,
    `DELETE FROM repository_blob b USING changed_names c
       WHERE c.kind = 'repository' AND c.went AND b.repository = c.key`,
    `DELETE FROM repository WHERE name IN (SELECT repository FROM changed_names)`,
    `DELETE FROM name_clock WHERE key IN (SELECT key FROM changed_names)`,
    `DROP TABLE changed_names`,
  ]) {
    await sql.raw(statement).execute(db);
  }
}

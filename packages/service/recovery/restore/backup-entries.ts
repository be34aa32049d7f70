import type { Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";
import { readParts } from "../backup/parts.ts";
import { HISTORY_BEGINS } from "../history/held-moment.ts";
import type { Kept } from "../backup/target-objects.ts";
import type { BackupToRead } from "./ports.ts";
import { projectOfScope, type Scope } from "./scope.ts";

type Db = Transaction<Database>;

/** Rows written at a time, and characters. */
const BATCH = 1_000;
const BATCH_CHARACTERS = 2 * 1024 * 1024;

/** A line of a part of names: whose rows follow, or a row as JSON. */
export type NameLine = Readonly<Record<string, unknown>> & { readonly "@table"?: string };

/** From where on a backup's journal tells every moment. */
export interface Begins {
  readonly seq: number;
  readonly at: string;
}

/**
 * Fills a temporary table, `backup_entry`, with what the journal in a backup says of `scope` up to
 * its moment. Tells from where on that is exact, where the moment is not the newest; null: from the
 * first entry on.
 */
export async function loadEntries(
  db: Db,
  backup: BackupToRead & { readonly links: readonly Kept[]; readonly seq: number },
  scope: Scope,
  { at, seq }: { readonly at?: Date | undefined; readonly seq?: number | undefined },
): Promise<{ begins: Begins | null }> {
  await sql`
    CREATE TEMPORARY TABLE backup_entry (
      kind text NOT NULL, key text COLLATE "C" NOT NULL, seq bigint NOT NULL,
      at timestamptz NOT NULL, after jsonb
    ) ON COMMIT DROP`.execute(db);
  const rows = batchesOf((text) =>
    sql`INSERT INTO backup_entry SELECT kind, key, seq, at, after
      FROM json_populate_recordset(null::backup_entry, ${text}::json)`.execute(db),
  );
  const isIn = inScope(scope);
  const isNewest = at === undefined && seq === undefined;
  let begins: Begins | null = null;
  for (const { manifest } of backup.links) {
    let table = "";
    for await (const line of readParts<NameLine>(backup.objects, manifest.names, backup.open)) {
      const next = line["@table"];
      // The journal stands together: beyond it only one setting is of interest.
      if (next !== undefined && table === "journal" && isNewest) break;
      if (next !== undefined) table = next;
      else if (table === "journal" && isIn(line)) await rows.add(line);
      else if (table === "setting" && line["key"] === HISTORY_BEGINS) {
        begins = line["value"] as Begins;
      }
    }
    await rows.end();
  }
  await sql`
    DELETE FROM backup_entry WHERE seq > ${backup.seq} OR at > ${at ?? null}::timestamptz
      -- A policy is of the project that it was of in the end.
      OR (kind = 'policy' AND key NOT IN (
        SELECT key FROM (SELECT DISTINCT ON (key) key, after FROM backup_entry
          WHERE kind = 'policy' AND seq <= ${backup.seq}
            AND (${at ?? null}::timestamptz IS NULL OR at <= ${at ?? null}::timestamptz)
          ORDER BY key, seq DESC) AS last
        WHERE after ->> 'project' = ${projectOfScope(scope)}))
  `.execute(db);
  await sql`CREATE INDEX ON backup_entry (kind, key, seq)`.execute(db);
  return { begins };
}

/** Whether an entry is about the scope. */
function inScope(scope: Scope): (entry: NameLine) => boolean {
  const name = scope.kind === "project" ? scope.project : nameOf(scope);
  const ends = scope.kind === "project" ? "/" : ":@";
  return ({ kind, key }) => {
    if (kind === "policy") return scope.kind === "project";
    if (typeof key !== "string" || !key.startsWith(name)) return false;
    return key.length === name.length || ends.includes(key[name.length]!);
  };
}

function nameOf(scope: Scope): string {
  return "repository" in scope ? scope.repository : "";
}

/** Gathers rows and hands them to `write` as a JSON array. */
export function batchesOf(write: (text: string) => Promise<unknown>) {
  let batch: string[] = [];
  let characters = 0;
  const end = async () => {
    if (batch.length > 0) await write(`[${batch.join(",")}]`);
    batch = [];
    characters = 0;
  };
  return {
    end,
    async add(row: unknown) {
      const text = JSON.stringify(row);
      batch.push(text);
      characters += text.length;
      if (batch.length >= BATCH || characters >= BATCH_CHARACTERS) await end();
    },
  };
}

import { sql, type Kysely } from "kysely";
import type { Database } from "./database.ts";

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly constraints: readonly string[];
  readonly indexes: readonly string[];
}

/**
 * The schema of `db` as SQL text, from pg_catalog: tables by name, columns in their order,
 * constraints and indexes by name. For reading and comparing; migrations are what makes a database.
 */
export async function dumpSchema(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<Table>`
    SELECT c.relname AS name,
      (SELECT array_agg(
          quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attcollation <> t.typcollation
               THEN ' COLLATE ' || quote_ident(l.collname) ELSE '' END
          || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
          || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
          ORDER BY a.attnum)
        FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_collation l ON l.oid = a.attcollation
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
      coalesce((SELECT array_agg(
          'CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
          ORDER BY k.conname)
        -- A NOT NULL is a constraint of its own since PostgreSQL 18; the column shows it.
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'), '{}') AS constraints,
      coalesce((SELECT array_agg(pg_get_indexdef(i.indexrelid)
          ORDER BY i.indexrelid::regclass::text)
        FROM pg_index i
        WHERE i.indrelid = c.oid
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
            AND k.conrelid = c.oid)), '{}') AS indexes
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    ORDER BY c.relname`.execute(db);
  return rows.map(printTable).join("\n");
}

function printTable({ name, columns, constraints, indexes }: Table): string {
  const lines = [...columns, ...constraints].map((line) => `  ${line}`).join(",\n");
  return [`CREATE TABLE ${name} (\n${lines}\n);`, ...indexes.map((index) => `${index};`), ""].join(
    "\n",
  );
}

import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";

/**
 * How tables are backed up. Those that are listed here are either too large to be written with each
 * segment, or no part of what is restored; every other one, those of later migrations too, is
 * written whole whenever it has changed.
 */

/** Large; a segment holds what belongs to the names that changed. */
const BY_NAME: ReadonlySet<string> = new Set([
  "artifact_label",
  "journal",
  "manifest",
  "manifest_reference",
  "name_clock",
  "past_manifest",
  "past_reference",
  "repository",
  "repository_blob",
  "tag",
]);

/** Large, and worth little when it is old: in snapshots only. */
const SNAPSHOT_ONLY: ReadonlySet<string> = new Set([
  // All four: they fit together only as of one moment.
  "audit_forward",
  "audit_head",
  "audit_log",
  "audit_seal",
  "pulled",
  "replica",
  "replication_conflict",
]);

/**
 * What a registry that is restored must not go on with: work, its plans, its places elsewhere, and
 * who was signed in.
 */
const NEVER: ReadonlySet<string> = new Set([
  "access_token_use",
  "announced_copy",
  "backup_sample",
  "blob_transfer",
  "blob_verified",
  "execution",
  "history_hold",
  "job_line",
  "login_attempt",
  "name_archive",
  "oidc_standing",
  "project_deletion",
  "repair_item",
  "run_plan",
  "run_plan_item",
  "restore_blob",
  "restore_item",
  "restore_plan",
  "schema_version",
  "session",
  "staged_name",
  "task",
  "task_log",
  "webhook_delivery",
  "webhook_lag",
  "worker_pool",
]);

/** Tables by how they are backed up. */
export interface TableKinds {
  /** Of a snapshot: all but what is never backed up. */
  readonly all: readonly string[];
  /** In each segment, if they have changed. */
  readonly whole: readonly string[];
}

/** The tables that there are, by name. What belongs to a run goes as runs do: it is left out. */
export async function readTableKinds(db: Catalog["db"]): Promise<TableKinds> {
  const { rows } = await sql<{ name: string; isOfRun: boolean }>`
    SELECT table_name::text AS name, EXISTS (
      SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass('execution')
        AND conrelid = to_regclass(quote_ident(table_name))) AS "isOfRun"
    FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`.execute(db);
  const all = rows.filter(({ name, isOfRun }) => !isOfRun && !NEVER.has(name));
  const names = all.map(({ name }) => name);
  return {
    all: names,
    whole: names.filter((name) => !BY_NAME.has(name) && !SNAPSHOT_ONLY.has(name)),
  };
}

/** `name` as SQL has it: quoted, whatever it is. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

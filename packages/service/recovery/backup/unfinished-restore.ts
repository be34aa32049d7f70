import { type Database, forgetNote, readNote, storeNote } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import type { RestorePlan, RestorePoint } from "./plan-restore.ts";

/** The setting of a registry whose names are loaded, and have still to go back to a moment. */
const UNFINISHED = "restore_goes_back";

type Db = Kysely<Database>;

/** A restore that was cut off between loading names and going back. */
export interface UnfinishedRestore {
  /** The registry and the journal's seq that were loaded. */
  readonly registry: string;
  readonly loaded: number;
  readonly at?: string;
  readonly seq?: number;
}

/** Notes where names go back to, once they are loaded. */
export async function noteUnfinished(
  db: Db,
  { registry, seq: loaded }: Pick<RestorePlan, "registry" | "seq">,
  { at, seq }: RestorePoint,
): Promise<void> {
  const note: UnfinishedRestore = {
    registry,
    loaded,
    ...(at && { at: at.toISOString() }),
    ...(seq !== undefined && { seq }),
  };
  await storeNote(db, UNFINISHED, note);
}

/** What was cut off in this database; null: nothing, or there is no registry in it. */
export async function unfinishedRestore(db: Db): Promise<UnfinishedRestore | null> {
  const { rows } = await sql<{ used: boolean }>`
    SELECT to_regclass('setting') IS NOT NULL AS used`.execute(db);
  if (!rows[0]!.used) return null;
  return (await readNote(db, UNFINISHED)) as UnfinishedRestore | null;
}

/** It is done. Repeating is safe. */
export async function noteFinished(db: Db): Promise<void> {
  await forgetNote(db, UNFINISHED);
}

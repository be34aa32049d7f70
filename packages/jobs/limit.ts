import type { Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";

/** What limits need. */
export interface LimitContext {
  readonly catalog: Pick<Catalog, "notify">;
}

/** Sets or lifts a group's limit; see `Jobs.setLimit`. Throws BAD_REQUEST for less than one. */
export async function setLimit(
  { catalog }: LimitContext,
  group: string,
  most: number | null,
  db: Transaction<Database>,
): Promise<void> {
  if (most === null) {
    await sql`DELETE FROM job_limit WHERE name = ${group}`.execute(db);
  } else if (!Number.isSafeInteger(most) || most < 1 || most > 100_000) {
    throw new RegistryError("BAD_REQUEST", `The limit of ${group} must be 1 to 100000 tasks.`);
  } else {
    await sql`
      INSERT INTO job_limit (name, most) VALUES (${group}, ${most})
      ON CONFLICT (name) DO UPDATE SET most = excluded.most
      WHERE job_limit.most <> excluded.most
    `.execute(db);
  }
  await catalog.notify(CHANNELS.wake, "", db);
}

/** Lets what waits for a time run now; see `Jobs.hurry`. A claim then takes it in. */
export async function hurry(
  { catalog }: LimitContext,
  group: string,
  db: Transaction<Database>,
): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE task SET not_before = now()
    WHERE status = 'Scheduled' AND not_before > now()
      AND line_id IN (SELECT id FROM job_line WHERE ${group} = ANY(groups))
  `.execute(db);
  const hurried = Number(numAffectedRows ?? 0);
  if (hurried > 0) await catalog.notify(CHANNELS.wake, "", db);
  return hurried;
}

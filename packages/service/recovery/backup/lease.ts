import { randomUUID } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";

const LEASE_S = 60;

/** The right to write to a target, of one process and one work at a time. */
export interface Lease {
  /** Throws CONFLICT if it has been lost. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** The lease of target `id`, renewed until released; null if somebody has it. */
export async function takeLease({ db }: Pick<Catalog, "db">, id: number): Promise<Lease | null> {
  const holder = randomUUID();
  const take = async (isNew: boolean) => {
    const { rows } = await sql`
      UPDATE backup_target SET lease_holder = ${holder},
        lease_until = now() + ${LEASE_S} * interval '1 second'
      WHERE id = ${id} AND (lease_holder = ${holder}
        OR (${isNew} AND (lease_until IS NULL OR lease_until < now())))
      RETURNING id`.execute(db);
    return rows.length > 0;
  };
  if (!(await take(true))) return null;
  // A renewal that fails is told by the check before the manifest file is written.
  const timer = setInterval(() => void take(false).catch(() => undefined), (LEASE_S * 1000) / 4);
  return {
    async check() {
      if (await take(false)) return;
      throw new RegistryError("CONFLICT", "another process has taken over this backup meanwhile");
    },
    async release() {
      clearInterval(timer);
      await sql`UPDATE backup_target SET lease_holder = NULL, lease_until = NULL
        WHERE id = ${id} AND lease_holder = ${holder}`.execute(db);
    },
  };
}

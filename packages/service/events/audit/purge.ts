import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords, seal } from "./chain.ts";
import type { Signer } from "./signer.ts";

/** What a purge did, or would do. */
export interface Purged {
  readonly records: number;
  /** The last record that went; null: none. */
  readonly upTo: number | null;
}

const AT_ONCE = 10_000;

/**
 * Purges records older than `before`: all up to the first one that is younger. A signed anchor
 * remains, at which the chain begins from then on; the log records what was purged, on behalf of
 * `actor`. With `dryRun` it counts. Repeating is safe, and so is being broken off.
 */
export async function purgeRecords(
  catalog: Pick<Catalog, "db" | "transaction" | "now">,
  signer: Signer,
  before: Date,
  { actor, cause, dryRun = false }: { actor: string; cause: string; dryRun?: boolean },
): Promise<Purged> {
  const { rows } = await sql<{ n: number; hash: Buffer; first: number }>`
    SELECT n, hash, (SELECT min(n) FROM audit_log) AS first FROM audit_log
    WHERE n < coalesce((SELECT min(n) FROM audit_log WHERE at >= ${before}),
                       (SELECT n + 1 FROM audit_head))
    ORDER BY n DESC LIMIT 1`.execute(catalog.db);
  const [last] = rows;
  if (!last) return { records: 0, upTo: null };
  const purged = { records: last.n - last.first + 1, upTo: last.n };
  if (dryRun) return purged;
  await catalog.transaction(async (db) => {
    await seal(db, signer, last, true);
    const event = purgeEvent(catalog.now(), { actor, cause }, before, last);
    await appendRecords(db, signer, [event]);
    await db.deleteFrom("audit_seal").where("n", "<", last.n).execute();
  });
  for (let gone = AT_ONCE; gone > 0;) {
    const result = await sql`
      DELETE FROM audit_log WHERE n IN (
        SELECT n FROM audit_log WHERE n <= ${last.n} ORDER BY n LIMIT ${AT_ONCE})`.execute(
      catalog.db,
    );
    gone = Number(result.numAffectedRows ?? 0);
  }
  return purged;
}

function purgeEvent(
  at: Date,
  { actor, cause }: { readonly actor: string; readonly cause: string },
  before: Date,
  last: { readonly n: number; readonly first: number },
): AuditEvent {
  return {
    at,
    kind: "audit",
    operation: "purge",
    resourceType: "audit",
    resource: "audit",
    project: null,
    actor,
    address: "",
    userAgent: "",
    result: "success",
    cause,
    seq: null,
    detail: { from: last.first, to: last.n, olderThan: before.toISOString() },
  };
}

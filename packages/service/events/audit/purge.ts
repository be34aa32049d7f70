import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords } from "./append-records.ts";
import { seal } from "./chain.ts";
import { checkSound } from "./seal-checked.ts";
import type { Signer } from "./signer.ts";

/** On whose behalf a purge is, and what it belongs to. With `dryRun` it only counts. */
export interface PurgedBy {
  readonly actor: string;
  readonly cause: string;
  readonly dryRun?: boolean | undefined;
}

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
 * `by`. Repeating is safe, and so is being broken off. Throws INTEGRITY where the log no longer
 * holds what was signed: that has to be looked into first.
 */
export async function purgeRecords(
  catalog: Pick<Catalog, "db" | "transaction" | "now">,
  signer: Signer,
  before: Date,
  by: PurgedBy,
): Promise<Purged> {
  const { rows } = await sql<{ n: number; hash: Buffer; first: number }>`
    SELECT n, hash, (SELECT min(n) FROM audit_log) AS first FROM audit_log
    WHERE n < coalesce((SELECT min(n) FROM audit_log WHERE at >= ${before}),
                       (SELECT n + 1 FROM audit_head))
    ORDER BY n DESC LIMIT 1`.execute(catalog.db);
  const [last] = rows;
  if (!last) return { records: 0, upTo: null };
  const purged = { records: last.n - last.first + 1, upTo: last.n };
  if (by.dryRun) return purged;
  await catalog.transaction(async (db) => {
    await checkSound(db, signer);
    await seal(db, signer, last, true);
    const detail = { from: last.first, to: last.n, olderThan: before.toISOString() };
    await appendRecords(db, signer, [purgeEvent(catalog.now(), by, detail)]);
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

/** What the log says of a purge. */
export function purgeEvent(
  at: Date,
  { actor, cause }: PurgedBy,
  detail: AuditEvent["detail"],
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
    detail,
  };
}

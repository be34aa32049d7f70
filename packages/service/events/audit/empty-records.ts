import type { Catalog, Database } from "@entrepot/catalog";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { appendRecords } from "./append-records.ts";
import type { AuditRow } from "./audit-record.ts";
import { MOST, numbersIn, numbersText } from "./numbers.ts";
import { purgeEvent, type PurgedBy } from "./purge.ts";
import { checkSound } from "./seal-checked.ts";
import type { Signer } from "./signer.ts";

/** Which records are emptied. */
export interface Emptied {
  readonly before: Date;
  /** `create_label`, or `create` for whatever was created. */
  readonly types: readonly string[];
  readonly by: PurgedBy;
  /** Aborted between two batches, it stops; what is emptied is recorded. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Empties records of some types that are older than `before`, and returns how many. Nothing of what
 * they say remains; their hashes do, so that the chain holds, and each record that empties others
 * names them, signed: those and no others may be empty. The log's own records stay. Repeating is
 * safe. Throws INTEGRITY where the log no longer holds what was signed.
 */
export async function emptyRecords(
  catalog: Pick<Catalog, "db" | "transaction" | "now">,
  signer: Signer,
  { before, types, by, signal }: Emptied,
): Promise<number> {
  const due = dueOf(before, types);
  if (by.dryRun) {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*)::int AS n FROM audit_log WHERE ${due}`.execute(catalog.db);
    return rows[0]!.n;
  }
  let [emptied, last] = [0, 0];
  for (let some = MOST; some === MOST; emptied += some) {
    signal?.throwIfAborted();
    some = await catalog.transaction(async (db) => {
      // Locked first: two purges side by side do not name the same records.
      await db.selectFrom("audit_head").select("n").forUpdate().execute();
      const { rows } = await sql<{ n: number }>`
        SELECT n FROM audit_log WHERE n > ${last} AND ${due} ORDER BY n LIMIT ${MOST}`.execute(db);
      if (rows.length > 0) {
        last = rows.at(-1)!.n;
        const detail = { olderThan: before.toISOString(), types };
        const numbers = rows.map(({ n }) => n);
        await empty(db, signer, numbers, purgeEvent(catalog.now(), by, detail));
      }
      return rows.length;
    });
  }
  return emptied;
}

function dueOf(before: Date, types: readonly string[]): RawBuilder<boolean> {
  return sql`at < ${before} AND emptied_by IS NULL AND kind <> 'audit'
    AND (operation = ANY(${types}::text[])
      OR operation || '_' || resource_type = ANY(${types}::text[]))`;
}

async function empty(
  db: Transaction<Database>,
  signer: Signer,
  numbers: readonly number[],
  event: ReturnType<typeof purgeEvent>,
): Promise<void> {
  await checkSound(db, signer);
  const emptied = numbersText(numbers);
  const signature = signer.sign(signedText(emptied)).toString("base64");
  const detail = { ...event.detail, emptied, keyId: signer.keyId, signature };
  const { n } = await appendRecords(db, signer, [{ ...event, detail }]);
  await sql`
    UPDATE audit_log SET emptied_by = ${n}, resource = '', project = NULL, actor = '',
      address = '', user_agent = '', cause = '', seq = NULL, detail = '{}'
    WHERE n = ANY(${numbers}::bigint[])`.execute(db);
}

function signedText(emptied: string): string {
  return `entrepot audit emptied ${emptied}`;
}

/** Follows which records are empty, and whether they may be. */
export interface EmptiedCheck {
  /** Why record `row` must not be as it is, null if it may. Call with each, in order. */
  wrongWith(row: AuditRow): string | null;
  /** The first record that is empty without any record that says so. */
  left(): number | null;
}

/**
 * A check of the records after `start`. Of a purge by another key than `signer`'s nobody can say
 * whether it is true: it counts for what was before this key's first seal.
 */
export function emptiedCheck(signer: Signer, start: number, firstOwn: number | null): EmptiedCheck {
  const waiting = new Map<number, number[]>();
  return {
    wrongWith(row) {
      if (row.emptied_by !== null) {
        const found = waiting.get(row.emptied_by) ?? [];
        waiting.set(row.emptied_by, found);
        const isTooMuch = found.push(row.n) > MOST || row.kind === "audit";
        return isTooMuch ? "it is empty, and no purge says that it may be" : null;
      }
      if (row.kind !== "audit" || row.operation !== "purge") return null;
      const { emptied, keyId, signature } = JSON.parse(row.detail) as Record<string, unknown>;
      const found = waiting.get(row.n) ?? [];
      waiting.delete(row.n);
      if (emptied === undefined) {
        return found.length > 0
          ? "it is said to have emptied records, and says nothing of it"
          : null;
      }
      const told = numbersIn(String(emptied), start);
      if (told?.join() !== found.join()) return "other records are empty than it emptied";
      const own = keyId === signer.keyId;
      const signed = Buffer.from(String(signature), "base64");
      if (own && signer.isSigned(signedText(String(emptied)), signed)) return null;
      if (!own && (firstOwn === null || row.n < firstOwn)) return null;
      return "what it emptied is not signed by this registry";
    },
    left: () => [...waiting.values()].flat().toSorted((a, b) => a - b)[0] ?? null,
  };
}

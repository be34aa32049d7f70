import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Transaction } from "kysely";
import { type AuditEvent, type AuditRow, recordOf } from "./audit-record.ts";
import { type ChainHead, SEALED_RECORDS } from "./chain.ts";
import { sealChecked } from "./seal-checked.ts";
import type { Signer } from "./signer.ts";

const INSERTED_AT_ONCE = 500;

/**
 * Appends `events` to the audit log, in order, within `db`; `seq`, if given, is the journal's
 * newest entry among them. One transaction at a time: the head's row is locked. Where the log no
 * longer holds what was signed, records are added all the same, and not signed.
 */
export async function appendRecords(
  db: Transaction<Database>,
  signer: Signer,
  events: readonly AuditEvent[],
  seq?: number,
): Promise<ChainHead> {
  const head = await db
    .selectFrom("audit_head")
    .select(["n", "hash"])
    .forUpdate()
    .executeTakeFirstOrThrow();
  let last: ChainHead = head;
  const rows: AuditRow[] = [];
  for (const event of events) {
    const row = recordOf(event, last.n + 1, last.hash);
    rows.push(row);
    last = row;
  }
  for (let i = 0; i < rows.length; i += INSERTED_AT_ONCE) {
    await db
      .insertInto("audit_log")
      .values(rows.slice(i, i + INSERTED_AT_ONCE))
      .execute();
  }
  const { n, hash } = last;
  await db
    .updateTable("audit_head")
    .set({ n, hash, ...(seq !== undefined && { seq }) })
    .execute();
  const due = rows.filter((row) => row.n % SEALED_RECORDS === 0);
  if (due.length > 0) await sealDue(db, signer, last, due);
  return { n, hash };
}

/** The seal of every minute says what is wrong; what happens meanwhile is recorded. */
async function sealDue(
  db: Transaction<Database>,
  signer: Signer,
  head: ChainHead,
  due: readonly ChainHead[],
): Promise<void> {
  try {
    await sealChecked(db, signer, { seen: null, head, due });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "INTEGRITY") throw error;
  }
}

import { setImmediate } from "node:timers/promises";
import type { AuditSealTable, Catalog, Database } from "@entrepot/catalog";
import { type Selectable, sql, type Transaction } from "kysely";
import { type AuditRow, hashOf } from "./audit-record.ts";
import { type ChainHead, isOwnSeal, SEALED_RECORDS } from "./chain.ts";
import { type EmptiedCheck, emptiedCheck } from "./empty-records.ts";
import type { Signer } from "./signer.ts";

/** What a check of the audit log found. */
export interface Verification {
  readonly holds: boolean;
  /** The records that were read: from the first one kept to the last that holds. */
  readonly from: number;
  readonly to: number;
  /** The hash of the last record that holds: write it down elsewhere. */
  readonly hash: string;
  /** Where records that were purged ended, if any were. */
  readonly anchor: number | null;
  /** Signatures that fit, and those by keys that this server has not. */
  readonly seals: number;
  readonly foreignSeals: number;
  /** The first record that does not hold, and why. */
  readonly broken: { readonly n: number; readonly why: string } | null;
}

/** What is known of the log from elsewhere. */
export type KnownHeads = readonly { readonly n: number; readonly hash: string }[];

interface Walk {
  readonly db: Transaction<Database>;
  readonly signer: Signer;
  /** The first record that this server's key has signed; null: none. */
  readonly firstOwn: number | null;
  readonly heads: ReadonlyMap<number, string>;
  readonly emptied: EmptiedCheck;
}

const BATCH = 1_000;
const SEALS_AT_ONCE = 50;
const UNSIGNED = "its seal is no signature of this registry's";
const GENESIS = Buffer.alloc(32);
/** Nodes with a busy journal seal a batch late. */
const MOST_UNSEALED = 2 * SEALED_RECORDS;

/**
 * Reads the whole audit log as it is at one moment, in batches, and says whether every record is
 * what it was: its hash fits, none is missing, signatures fit, it reaches as far as its head, and
 * what `heads` (from logs, from what was forwarded) says is in it.
 */
export function verifyChain(
  { db }: Pick<Catalog, "db">,
  signer: Signer,
  heads: KnownHeads = [],
): Promise<Verification> {
  const snapshot = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  return snapshot.execute((trx) => verified(trx, signer, heads));
}

async function verified(
  db: Transaction<Database>,
  signer: Signer,
  heads: KnownHeads,
): Promise<Verification> {
  const head = await db.selectFrom("audit_head").select(["n", "hash"]).executeTakeFirstOrThrow();
  const { rows } = await sql<{ first: number | null; theirs: number }>`
    SELECT min(n) FILTER (WHERE key_id = ${signer.keyId}) AS first,
      count(*) FILTER (WHERE key_id <> ${signer.keyId}) AS theirs FROM audit_seal`.execute(db);
  const { first: firstOwn, theirs: foreignSeals } = rows[0]!;
  // Another key's may be anybody's.
  const own = db.selectFrom("audit_seal").selectAll().where("key_id", "=", signer.keyId);
  const anchors = own.where("is_anchor", "=", true).orderBy("n", "desc").limit(1);
  const anchor = (await anchors.executeTakeFirst()) ?? null;
  const found = { from: (anchor?.n ?? 0) + 1, anchor: anchor?.n ?? null, foreignSeals };
  const start: ChainHead = anchor ?? { n: 0, hash: GENESIS };
  const finish = (last: ChainHead, seals: number, why: string | null): Verification => ({
    ...found,
    holds: why === null,
    to: last.n,
    hash: Buffer.from(last.hash).toString("hex"),
    seals,
    broken: why === null ? null : { n: last.n + 1, why },
  });

  if (anchor && !isOwnSeal(signer, anchor)) {
    return finish({ n: anchor.n - 1, hash: Buffer.alloc(0) }, 0, UNSIGNED);
  }
  const told = new Map(heads.map(({ n, hash }) => [n, hash]));
  const emptied = emptiedCheck(signer, start.n, firstOwn);
  const walk: Walk = { db, signer, firstOwn, heads: told, emptied };
  const { last, seals, why } = await walked(walk, start, head.n);
  if (why !== null) return finish(last, seals, why);
  const empty = emptied.left();
  if (empty !== null) {
    return finish(
      { ...last, n: empty - 1 },
      seals,
      "it is empty, and no purge says that it may be",
    );
  }
  if (last.n < head.n) return finish(last, seals, `it is missing: the log reached ${head.n}`);
  if (!last.hash.equals(head.hash)) {
    return finish({ ...last, n: last.n - 1 }, seals, "its hash is not the head's");
  }
  const beyond = db.selectFrom("audit_seal").select("n").where("n", ">", last.n).orderBy("n");
  const sealed = await beyond.limit(1).executeTakeFirst();
  const later = sealed?.n ?? [...told.keys()].find((n) => n > last.n);
  const missing = later === undefined ? null : `it is missing: the log has reached ${later}`;
  return finish(last, seals, missing);
}

/** Follows the chain from `start` up to record `end`, or to the first that does not hold. */
async function walked(
  walk: Walk,
  start: ChainHead,
  end: number,
): Promise<{ last: ChainHead; seals: number; why: string | null }> {
  let last = start;
  let seals = 0;
  let sealedAt = start.n;
  for (;;) {
    const rows = await walk.db
      .selectFrom("audit_log")
      .selectAll()
      .where("n", ">", last.n)
      .where("n", "<=", end)
      .orderBy("n")
      .limit(BATCH)
      .execute();
    const sealsHere = await sealsOf(walk, last.n, rows.at(-1)?.n ?? last.n);
    for (const row of rows) {
      const sealed = sealsHere.get(row.n);
      const why = wrongWith(walk, row, last, sealed) ?? unsealed(row.n - sealedAt);
      if (why !== null) return { last, seals, why };
      last = row;
      if (!sealed) continue;
      const isOwn = sealed.key_id === walk.signer.keyId;
      // Another key's may be anybody's: they count only for what was before this key.
      if (isOwn || (walk.firstOwn !== null && row.n < walk.firstOwn)) sealedAt = row.n;
      // Others have their turn between signatures.
      if (isOwn && ++seals % SEALS_AT_ONCE === 0) await setImmediate();
    }
    if (rows.length < BATCH) return { last, seals, why: null };
  }
}

/** The seals of the records behind `after`, up to `upTo`. */
async function sealsOf(
  { db }: Walk,
  after: number,
  upTo: number,
): Promise<ReadonlyMap<number, Selectable<AuditSealTable>>> {
  const seals = db.selectFrom("audit_seal").selectAll().where("n", ">", after);
  const found = await seals.where("n", "<=", upTo).execute();
  return new Map(found.map((one) => [one.n, one]));
}

function wrongWith(
  { signer, heads, emptied }: Walk,
  row: AuditRow,
  before: ChainHead,
  sealed: Selectable<AuditSealTable> | undefined,
): string | null {
  if (row.n !== before.n + 1) return `it is missing; the next that is there is ${row.n}`;
  if (row.emptied_by === null && !hashOf(row, before.hash).equals(row.hash)) {
    return "it was changed: its hash does not fit";
  }
  const empty = emptied.wrongWith(row);
  if (empty !== null) return empty;
  if (sealed?.key_id === signer.keyId && !isOwnSeal(signer, sealed)) return UNSIGNED;
  if (sealed && !sealed.hash.equals(row.hash)) {
    return "the log was written anew up to here: its hash is not the one that was signed";
  }
  const told = heads.get(row.n);
  if (told !== undefined && told !== row.hash.toString("hex")) {
    return "the log was written anew up to here: its hash is not the one that was told elsewhere";
  }
  return null;
}

function unsealed(records: number): string | null {
  if (records <= MOST_UNSEALED) return null;
  return `nothing is signed for ${records} records: seals were taken away`;
}

import type { AuditSealTable, Catalog } from "@entrepot/catalog";
import type { Selectable } from "kysely";
import { hashOf } from "./audit-record.ts";
import { type ChainHead, SEALED_RECORDS, sealText } from "./chain.ts";
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
  readonly seals: ReadonlyMap<number, Selectable<AuditSealTable>>;
  readonly keyId: string;
  readonly heads: ReadonlyMap<number, string>;
}

const BATCH = 1_000;
const GENESIS = Buffer.alloc(32);
/** Nodes with a busy journal seal a batch late. */
const MOST_UNSEALED = 2 * SEALED_RECORDS;

/**
 * Reads the whole audit log, in batches, and says whether every record is what it was: its hash
 * fits, none is missing, signatures fit, it reaches as far as its head, and what `heads` (from
 * logs, from what was forwarded) says is in it.
 */
export async function verifyChain(
  catalog: Pick<Catalog, "db">,
  signer: Signer,
  heads: KnownHeads = [],
): Promise<Verification> {
  const { db } = catalog;
  // Read first: what is appended meanwhile is beyond it.
  const head = await db.selectFrom("audit_head").select(["n", "hash"]).executeTakeFirstOrThrow();
  const stored = await db.selectFrom("audit_seal").selectAll().orderBy("n").execute();
  const ours = stored.filter(({ key_id: id }) => id === signer.keyId);
  // Another key's may be anybody's.
  const anchor = ours.findLast((one) => one.is_anchor) ?? null;
  const found = {
    from: (anchor?.n ?? 0) + 1,
    anchor: anchor?.n ?? null,
    foreignSeals: stored.length - ours.length,
  };
  const start: ChainHead = anchor ?? { n: 0, hash: GENESIS };
  const finish = (last: ChainHead, seals: number, why: string | null): Verification => ({
    ...found,
    holds: why === null,
    to: last.n,
    hash: Buffer.from(last.hash).toString("hex"),
    seals,
    broken: why === null ? null : { n: last.n + 1, why },
  });

  const unsigned = ours.find((one) => !isSigned(signer, one));
  if (unsigned) {
    const before = { n: unsigned.n - 1, hash: Buffer.alloc(0) };
    return finish(before, 0, "its seal is no signature of this registry's");
  }
  const walk: Walk = {
    seals: new Map(stored.map((one) => [one.n, one])),
    keyId: signer.keyId,
    heads: new Map(heads.map(({ n, hash }) => [n, hash])),
  };
  const { last, seals, why } = await walked(catalog, walk, start, head.n);
  if (why !== null) return finish(last, seals, why);
  if (last.n < head.n) return finish(last, seals, `it is missing: the log reached ${head.n}`);
  if (!last.hash.equals(head.hash)) {
    return finish({ ...last, n: last.n - 1 }, seals, "its hash is not the head's");
  }
  const later = [...walk.seals.keys(), ...walk.heads.keys()].find((n) => n > last.n);
  const beyond = later === undefined ? null : `it is missing: the log has reached ${later}`;
  return finish(last, seals, beyond);
}

function isSigned(signer: Signer, { is_anchor: isAnchor, ...one }: Selectable<AuditSealTable>) {
  return signer.isSigned(sealText({ ...one, isAnchor }), one.signature);
}

/** Follows the chain from `start` up to record `end`, or to the first that does not hold. */
async function walked(
  { db }: Pick<Catalog, "db">,
  walk: Walk,
  start: ChainHead,
  end: number,
): Promise<{ last: ChainHead; seals: number; why: string | null }> {
  let last = start;
  let seals = 0;
  let sealedAt = start.n;
  for (;;) {
    const rows = await db
      .selectFrom("audit_log")
      .selectAll()
      .where("n", ">", last.n)
      .where("n", "<=", end)
      .orderBy("n")
      .limit(BATCH)
      .execute();
    for (const row of rows) {
      const why = wrongWith(walk, row, last) ?? unsealed(row.n - sealedAt);
      if (why !== null) return { last, seals, why };
      const sealed = walk.seals.get(row.n);
      if (sealed?.key_id === walk.keyId) seals++;
      if (sealed) sealedAt = row.n;
      last = row;
    }
    if (rows.length < BATCH) return { last, seals, why: null };
  }
}

function wrongWith(
  { seals, heads }: Walk,
  row: Parameters<typeof hashOf>[0] & ChainHead,
  before: ChainHead,
): string | null {
  if (row.n !== before.n + 1) return `it is missing; the next that is there is ${row.n}`;
  if (!hashOf(row, before.hash).equals(row.hash)) return "it was changed: its hash does not fit";
  const sealed = seals.get(row.n);
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

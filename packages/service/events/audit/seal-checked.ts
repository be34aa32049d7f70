import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Transaction } from "kysely";
import { type ChainHead, isOwnSeal, seal } from "./chain.ts";
import type { Signer } from "./signer.ts";

/** What is to be signed. */
export interface Sealing {
  /** What this process has signed last; null: it has signed nothing. */
  readonly seen: ChainHead | null;
  /** The newest record there is. */
  readonly head: ChainHead;
  readonly due: readonly ChainHead[];
}

/**
 * Signs the records `due`, unless the log up to `head` no longer holds what this registry signed
 * last: `seen`, or the newest seal of its own. Then it throws INTEGRITY: a log that was cut off or
 * written anew is not signed, so that no seal covers up what was done to it. What was purged may be
 * gone.
 */
export async function sealChecked(
  db: Transaction<Database>,
  signer: Signer,
  { seen, head, due }: Sealing,
): Promise<void> {
  await checkStillThere(db, signer, seen, head);
  for (const one of due) await seal(db, signer, one);
}

/** Throws INTEGRITY, as `sealChecked` does, before what is there is taken away. */
export async function checkSound(db: Transaction<Database>, signer: Signer): Promise<void> {
  const heads = db.selectFrom("audit_head").select(["n", "hash"]);
  await checkStillThere(db, signer, null, await heads.executeTakeFirstOrThrow());
}

async function checkStillThere(
  db: Transaction<Database>,
  signer: Signer,
  seen: ChainHead | null,
  head: ChainHead,
): Promise<void> {
  const own = db.selectFrom("audit_seal").selectAll().where("key_id", "=", signer.keyId);
  const newest = own.orderBy("n", "desc").limit(1);
  const known: ChainHead | undefined = seen ?? (await newest.executeTakeFirst());
  if (!known) return;
  if (head.n >= known.n) {
    const row = db.selectFrom("audit_log").select("hash").where("n", "=", known.n);
    const found = await row.executeTakeFirst();
    if (found?.hash.equals(known.hash)) return;
    // Asked after the record: a purge signs before it deletes.
    const anchor = await newest.where("is_anchor", "=", true).executeTakeFirst();
    if (!found && anchor && anchor.n >= known.n && isOwnSeal(signer, anchor)) return;
  }
  throw new RegistryError(
    "INTEGRITY",
    `the audit log no longer holds record ${known.n} as it was signed: it was cut off or written ` +
      "anew, and is signed no further; see 'entrepot audit verify'",
  );
}

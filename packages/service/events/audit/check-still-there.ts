import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type ChainHead, isOwnSeal } from "./chain.ts";
import type { Signer } from "./signer.ts";

/**
 * Throws INTEGRITY unless the log up to `head` still holds what this registry signed last: `seen`,
 * or the newest seal of its own if this process has seen nothing. A log that was cut off or written
 * anew is not signed, so that no seal covers up what was done to it. What was purged may be gone.
 */
export async function checkStillThere(
  { db }: Pick<Catalog, "db">,
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

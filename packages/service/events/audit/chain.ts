import type { AuditSealTable, Catalog, Database } from "@entrepot/catalog";
import type { Selectable, Transaction } from "kysely";
import type { Signer } from "./signer.ts";

/** A record's number and hash: all records up to it hang on it. */
export interface ChainHead {
  readonly n: number;
  readonly hash: Buffer;
}

/** At most so many records, and so much time, lie between two seals. */
export const SEALED_RECORDS = 1_000;

/** The newest record there is, as the log's head has it. */
export async function readHead({ db }: Pick<Catalog, "db">): Promise<ChainHead> {
  return db.selectFrom("audit_head").select(["n", "hash"]).executeTakeFirstOrThrow();
}

/** Signs the log up to `head`; what comes before an anchor may be purged. Repeating is safe. */
export async function seal(
  db: Transaction<Database>,
  signer: Signer,
  { n, hash }: ChainHead,
  isAnchor = false,
): Promise<void> {
  const at = new Date();
  const row = {
    hash,
    at,
    is_anchor: isAnchor,
    key_id: signer.keyId,
    signature: signer.sign(sealText({ n, hash, at, isAnchor })),
  };
  const insert = db.insertInto("audit_seal").values({ n, ...row });
  await insert
    .onConflict((conflict) =>
      isAnchor ? conflict.column("n").doUpdateSet(row) : conflict.doNothing(),
    )
    .execute();
}

/** Whether `one` was signed by `signer`, as it stands. */
export function isOwnSeal(
  signer: Signer,
  { is_anchor: isAnchor, ...one }: Selectable<AuditSealTable>,
): boolean {
  return signer.isSigned(sealText({ ...one, isAnchor }), one.signature);
}

/** What is signed. */
function sealText(signed: {
  readonly n: number;
  readonly hash: Uint8Array;
  readonly at: Date;
  readonly isAnchor: boolean;
}): string {
  const hash = Buffer.from(signed.hash).toString("hex");
  const what = signed.isAnchor ? "anchor" : "seal";
  return `entrepot audit ${what} ${signed.n} ${hash} ${signed.at.toISOString()}`;
}

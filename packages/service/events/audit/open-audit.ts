import type { LookupFunction } from "node:net";
import { type Catalog, followJournal, type Settings } from "@entrepot/catalog";
import { every } from "../every.ts";
import { type AccessLog, openAccessLog } from "./access-log.ts";
import { auditReader, READER } from "./audit-reader.ts";
import { AUDIT_DAYS, AUDIT_FORWARD } from "./audit-settings.ts";
import { type ChainHead, readHead } from "./chain.ts";
import { forwardRecords, SENT_AT_ONCE } from "./forward-syslog.ts";
import { type Emptied, emptyRecords } from "./empty-records.ts";
import { type Purged, type PurgedBy, purgeRecords } from "./purge.ts";
import { sealChecked } from "./seal-checked.ts";
import type { Signer } from "./signer.ts";
import { syslogTarget } from "./syslog.ts";
import { type KnownHeads, type Verification, verifyChain } from "./verify-chain.ts";

const DAY_MS = 24 * 3_600_000;
const [SEAL_EVERY_MS, FORWARD_EVERY_MS] = [60_000, 1_000];
/** All changes of a second are recorded together: the journal has them, so nothing can be lost. */
const GATHER_MS = 1_000;

/** What the audit log is made of. */
export interface AuditOptions {
  readonly catalog: Catalog;
  readonly signer: Signer;
  readonly settings: Pick<Settings, "get">;
  /** What this registry calls itself, to syslog. */
  readonly host: string;
  readonly lookup: LookupFunction;
  /** Told of a head that was signed: write it where the database's owner cannot. */
  readonly onSeal: (head: ChainHead) => void;
  readonly onError: (error: unknown) => void;
}

/** Who did what. */
export interface Audit extends Pick<AccessLog, "note" | "flush" | "dropped"> {
  readonly signer: Signer;
  /** Checks the whole log; see `verifyChain`. What this process has seen of it counts, too. */
  verify(heads?: KnownHeads): Promise<Verification>;
  /** Purges what is older than `before`; see `purgeRecords`. */
  purge(before: Date, by: PurgedBy): Promise<Purged>;
  /** Empties records of some types; see `emptyRecords`. */
  empty(emptied: Emptied): Promise<number>;
  /** Purges as the setting says; null where records are kept for ever. */
  purgeOld(): Promise<Purged | null>;
  /** Signs what there is; null if nothing is new. Throws INTEGRITY if what was signed is gone. */
  seal(): Promise<ChainHead | null>;
  /** Resolves when every change up to now is recorded. */
  idle(): Promise<void>;
  /** Starts to record changes, to sign and to forward. Call on nodes that work. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the audit log. Noting works at once, on every node. */
export function openAudit(options: AuditOptions): Audit {
  const { catalog, signer, settings, onError } = options;
  const accessLog = openAccessLog(catalog, signer, onError);
  const ends: (() => Promise<unknown>)[] = [];
  let following: ReturnType<typeof followJournal> | null = null;
  /** Kept here, where the database's owner does not reach. */
  let seen: ChainHead | null = null;

  const sealNow = async (): Promise<ChainHead | null> => {
    const head = await readHead(catalog);
    const isNew = head.n > 0 && head.n !== seen?.n;
    const due = isNew ? [head] : [];
    await catalog.transaction((db) => sealChecked(db, signer, { seen, head, due }));
    if (!isNew) return null;
    seen = head;
    options.onSeal(head);
    return head;
  };
  const forward = async (): Promise<void> => {
    const target = syslogTarget(settings.get(AUDIT_FORWARD));
    if (!target) return;
    const { host, lookup } = options;
    for (let sent = SENT_AT_ONCE; sent === SENT_AT_ONCE;) {
      sent = (await forwardRecords(catalog, { target, host, lookup })) ?? 0;
    }
  };
  const purge: Audit["purge"] = (before, by) => purgeRecords(catalog, signer, before, by);

  return {
    ...accessLog,
    signer,
    verify(heads = []) {
      const own = seen ? [{ n: seen.n, hash: Buffer.from(seen.hash).toString("hex") }] : [];
      return verifyChain(catalog, signer, [...own, ...heads]);
    },
    purge,
    empty: (emptied) => emptyRecords(catalog, signer, emptied),
    async purgeOld() {
      const days = settings.get(AUDIT_DAYS);
      if (days === 0) return null;
      const before = new Date(catalog.now().getTime() - days * DAY_MS);
      return purge(before, { actor: "system:audit", cause: "audit" });
    },
    seal: sealNow,
    async idle() {
      await following?.idle();
      await accessLog.flush();
    },
    async start() {
      await catchUpWithRestore(catalog);
      const gathered = { gatherMs: () => GATHER_MS, onError };
      following = followJournal(catalog, auditReader(signer), gathered);
      ends.push(
        following.stop,
        every(SEAL_EVERY_MS, sealNow, onError),
        every(FORWARD_EVERY_MS, forward, onError),
      );
    },
    async close() {
      await Promise.all(ends.map((end) => end()));
      await accessLog.close();
    },
  };
}

/** A restored registry's log may be older than its cursor: the journal tells the rest again. */
async function catchUpWithRestore({ transaction }: Catalog): Promise<void> {
  await transaction(async (db) => {
    // Locked first, as a reader does: what another node records meanwhile is not told again.
    const cursor = db.selectFrom("journal_cursor").select("seq").where("reader", "=", READER);
    await cursor.forUpdate().execute();
    const { seq } = await db.selectFrom("audit_head").select("seq").executeTakeFirstOrThrow();
    await db
      .updateTable("journal_cursor")
      .set({ seq })
      .where("reader", "=", READER)
      .where("seq", ">", seq)
      .execute();
  });
}

import type { Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { onTestFinished } from "vitest";
import { appendRecords } from "./append-records.ts";
import type { AuditEvent } from "./audit-record.ts";
import { seal } from "./chain.ts";
import { openSigner } from "./signer.ts";

/** Signs the logs of tests. */
export const signer = openSigner(Buffer.alloc(32, 7));
/** On whose behalf tests purge. */
export const by = { actor: "ann", cause: "c" };

/** Something that happened in the hour `n` of 2026. */
export function event(n: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: new Date(Date.UTC(2026, 0, 1) + n * 3_600_000),
    kind: "request",
    operation: "create",
    resourceType: "label",
    resource: `/api/v2.0/labels/${n}`,
    project: n % 2 === 0 ? "library" : null,
    actor: "ann",
    address: "192.0.2.7",
    userAgent: "curl/8",
    result: "success",
    cause: `r${n}`,
    seq: null,
    detail: { n },
    ...more,
  };
}

/** A database of its own for the test that runs. */
export async function opened(): Promise<Catalog> {
  const { catalog, close } = await testCatalog();
  onTestFinished(close);
  return catalog;
}

/** A log of so many records, one by one, some of them sealed. */
export async function logOf(records: number, sealedAt: readonly number[] = []): Promise<Catalog> {
  const catalog = await opened();
  for (let n = 1; n <= records; n++) {
    await catalog.transaction(async (db) => {
      const head = await appendRecords(db, signer, [event(n)]);
      if (sealedAt.includes(n)) await seal(db, signer, head);
    });
  }
  return catalog;
}

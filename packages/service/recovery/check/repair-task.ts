import type { Actor, Catalog } from "@entrepot/catalog";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import type { Digest } from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { readBlob } from "./check-blob.ts";
import { correctBlobRows, correctManifest, recountUsage } from "./correct-rows.ts";
import { noteVerified } from "./findings.ts";
import { healBlob } from "./heal-blob.ts";
import type { RepairItem, RepairOutcome } from "./plan-repair.ts";
import type { Copies } from "./ports.ts";

/** Whose executions repairs are, and the kind of their tasks. */
export const REPAIR = "REPAIR";

const MAX_ATTEMPTS = 4;
const RETRY_MS = 20_000;

/** What repairs work on. */
export interface RepairContext {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  /** Where whole copies may be. */
  readonly copies: Copies;
}

/** The task that carries a plan out, item by item; it goes on where another left off. */
export function repairTask(context: RepairContext): TaskHandler {
  return {
    kind: REPAIR,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    run: (run) => repair(context, run),
  };
}

async function repair(context: RepairContext, run: TaskRun): Promise<void> {
  const { db } = context.catalog;
  const { vendorId: id } = run.execution;
  const actor = { name: String(run.task.payload["actor"]), cause: `execution:${run.execution.id}` };
  const signal = AbortSignal.any([run.signal, run.draining]);
  const counts: Partial<Record<RepairOutcome, number>> = {};
  for (;;) {
    signal.throwIfAborted();
    const item = await db
      .selectFrom("repair_item")
      .selectAll()
      .where("plan_id", "=", id)
      .where("outcome", "is", null)
      .orderBy("n")
      .limit(1)
      .executeTakeFirst();
    if (!item) break;
    const { outcome, result } = await repairItem(context, item as never, actor, signal);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    run.log(
      outcome === "left" ? "warn" : "info",
      `${item.name}: ${outcome}${result && ` (${result})`}`,
    );
    run.progress({ stage: item.name, ...counts });
    await db
      .updateTable("repair_item")
      .set({ outcome, result })
      .where("plan_id", "=", id)
      .where("n", "=", item.n)
      .execute();
  }
}

/** Does what the plan says about one finding; may be done again at any point. */
export async function repairItem(
  context: RepairContext,
  item: RepairItem,
  actor: Actor,
  signal?: AbortSignal,
): Promise<{ outcome: RepairOutcome; result: string }> {
  const { catalog, store, copies } = context;
  const digest = item.name as Digest;
  const told = (why: string | null): { outcome: RepairOutcome; result: string } =>
    why === null ? { outcome: "corrected", result: "" } : { outcome: "left", result: why };
  if (item.act === "leave") return { outcome: "left", result: item.why };
  if (item.act === "recount") {
    await recountUsage(catalog, item.name);
    return told(null);
  }
  if (item.act === "correct" && item.class === "blob-row") {
    const isWhole = await correctBlobRows(catalog, store, digest);
    return told(isWhole ? null : "its bytes are not whole any more; check again");
  }
  if (item.act === "correct") {
    return told(await correctManifest(catalog, copies, item.name, item.copies, actor));
  }
  // What has been healed meanwhile is left alone, and above all not set aside.
  const now = await readBlob({ store, signal }, digest);
  if (now?.whole) return await verifiedAs("whole", "");
  if (item.act === "heal") {
    const { from, failures } = await healBlob({ store, copies, signal }, digest, item.copies);
    if (from) return await verifiedAs("healed", `from ${from.label}`);
    const why = failures.join("; ");
    if (!now) return { outcome: "left", result: why };
    await store.setAside(digest);
    return { outcome: "set-aside", result: why };
  }
  if (!now) return { outcome: "left", result: "it is gone; push it again" };
  await store.setAside(digest);
  return { outcome: "set-aside", result: item.why };

  async function verifiedAs(outcome: RepairOutcome, result: string) {
    await noteVerified(catalog, [digest], catalog.now());
    return { outcome, result };
  }
}

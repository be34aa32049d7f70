import { type Catalog, foldJournal, type FoldLimits } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { foldLimits, historyWindow, settleFold } from "./history-window.ts";
import { blobFacts, isUnnamed, type StoredBlob, take, takeBack } from "./sweep-blobs.ts";
import { sweepPast } from "./sweep-past.ts";
import { EMPTY_REPORT, type SweepReport, withBlob, withHeld, withoutHeld } from "./sweep-report.ts";
import { sweepRows } from "./sweep-rows.ts";
import { untaggedManifests } from "./sweep-untagged.ts";
import { sweepWebhooks } from "./sweep-webhooks.ts";
import { UPLOAD_REST_MS } from "../upload-rest.ts";
import { verdictOf } from "./verdict.ts";

/** What a sweep works on, and how long it waits. */
export interface SweepContext {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  /** For so long what nothing refers to is kept: an upload's blobs come before its manifest. */
  readonly graceMs: number;
  /** For so long bytes that nothing names stay in quarantine. */
  readonly quarantineMs: number;
  /** Deletes a manifest unless it has been tagged meanwhile, as part of `cause`. Whether it did. */
  readonly deleteUntagged: (repository: string, digest: Digest, cause: string) => Promise<boolean>;
}

/** What is asked of a sweep. */
export interface SweepParameters {
  /** Nothing is removed; it tells what would be. */
  readonly dryRun: boolean;
  /** Manifests without a tag are deleted first. */
  readonly deleteUntagged: boolean;
  /** How hard it works, 1 to 10: files moved at a time, and how short it rests. */
  readonly workers: number;
}

/** The stages of a sweep, in order: names first, rows next, bytes last. */
const STAGES = [
  "untagged",
  "history",
  "journal",
  "rows",
  "quarantine",
  "uploads",
  "blobs",
  "done",
] as const;

/** How far a sweep is. Plain data: another process goes on from it. */
export interface SweepState {
  readonly stage: (typeof STAGES)[number];
  /** Where in the stage. */
  readonly after: string;
  readonly report: SweepReport;
}

/** Where every sweep begins. */
export const SWEEP_BEGIN: SweepState = { stage: "untagged", after: "", report: EMPTY_REPORT };

/** Blobs asked about at a time: a push waits for one such question at most. */
const BATCH = 100;

/** A sweep in this process. */
export interface SweepRun {
  /** Does the next piece of work after `state`, a bounded one. It may be done again. */
  step(state: SweepState): Promise<SweepState>;
}

/**
 * A sweep of `context`. Its steps may be cut off anywhere and begun again from the last state, by
 * any process; only one sweep may be at work at a time. What it deletes is part of `cause`.
 */
export function sweepRun(
  context: SweepContext,
  parameters: SweepParameters,
  cause = "gc",
): SweepRun {
  const { catalog, graceMs } = context;
  const { dryRun } = parameters;
  const waits = { graceMs, dryRun };
  let limits: FoldLimits | null = null;
  const bytes = sweepBytes(context, parameters);

  const steps: Record<SweepState["stage"], (state: SweepState) => Promise<SweepState>> = {
    async untagged(state) {
      if (!parameters.deleteUntagged) return following(state);
      const { items, next } = await untaggedManifests(catalog, Number(state.after), graceMs);
      let untagged = state.report.untagged;
      for (const { repository, digest } of items) {
        if (dryRun || (await context.deleteUntagged(repository, digest, cause))) untagged += 1;
      }
      return on(state, next, { untagged });
    },
    async history(state) {
      const window = await historyWindow(catalog);
      const { next, removed } = await sweepPast(catalog, window, state.after, waits);
      return on(state, next, { pastManifests: state.report.pastManifests + removed });
    },
    async journal(state) {
      limits ??= await (dryRun ? foldLimits(catalog) : settleFold(catalog));
      if (!dryRun) await sweepWebhooks(catalog, limits, graceMs);
      const folded = await foldJournal(catalog.db, limits, Number(state.after), { dryRun });
      return on(state, folded.next, { entries: state.report.entries + folded.removed });
    },
    async rows(state) {
      const { next, condemned, removed } = await sweepRows(catalog, state.after, waits);
      const { rows } = state.report;
      const sum = { condemned: rows.condemned + condemned, removed: rows.removed + removed };
      return on(state, next, { rows: sum });
    },
    quarantine: bytes.quarantine,
    uploads: bytes.uploads,
    blobs: bytes.blobs,
    done: async (state) => state,
  };
  return { step: (state) => steps[state.stage](state) };
}

/** The stages that go over the store. */
function sweepBytes(context: SweepContext, { dryRun, workers }: SweepParameters) {
  const { catalog, store, graceMs, quarantineMs } = context;
  let hidden: AsyncIterator<StoredBlob & { since: Date }> | null = null;
  let listed: AsyncIterator<StoredBlob> | null = null;
  let arriving: AsyncIterator<{ size: number; touched: Date }> | null = null;

  /** Who is due is asked about anew, right before it goes. */
  async function quarantine(state: SweepState): Promise<SweepState> {
    // What waits is counted anew by each process that begins here.
    let report = hidden ? state.report : { ...state.report, waiting: EMPTY_REPORT.waiting };
    hidden ??= store.quarantined()[Symbol.asyncIterator]();
    const batch = await take(hidden, BATCH);
    const due = new Date(catalog.now().getTime() - quarantineMs);
    const facts = await blobFacts(
      catalog,
      batch.map(({ digest }) => digest),
    );
    const acts = batch.map((blob, i) => {
      const act = isUnnamed(facts[i]!) ? (blob.since <= due ? "freed" : "waiting") : "takenBack";
      report = { ...report, [act]: withBlob(report[act], blob.size) };
      return { ...blob, act } as const;
    });
    if (!dryRun) {
      await eachOf(acts, workers, async ({ digest, act }) => {
        if (act === "freed") await store.remove(digest);
        else if (act === "takenBack") await takeBack(store, digest);
      });
    }
    return on(state, batch.length === BATCH ? "more" : null, report);
  }

  /** What has arrived of uploads that are not finished; counted anew like what waits. */
  async function uploads(state: SweepState): Promise<SweepState> {
    let { report } = arriving ? state : { report: withoutHeld(state.report, "uploads") };
    arriving ??= store.drafts()[Symbol.asyncIterator]();
    const batch = await take(arriving, BATCH);
    for (const { size, touched } of batch) {
      const until = new Date(touched.getTime() + UPLOAD_REST_MS);
      report = withHeld(report, { holder: "uploads", until }, size);
    }
    return on(state, batch.length === BATCH ? "more" : null, report);
  }

  async function blobs(state: SweepState): Promise<SweepState> {
    const after = state.after === "" ? undefined : (state.after as Digest);
    listed ??= store.list(after)[Symbol.asyncIterator]();
    const batch = await take(listed, BATCH);
    const facts = await blobFacts(
      catalog,
      batch.map(({ digest }) => digest),
    );
    let { report } = state;
    const free: Digest[] = [];
    batch.forEach(({ digest, size }, i) => {
      const verdict = verdictOf(facts[i]!, graceMs);
      if (verdict.kind === "live") report = { ...report, live: withBlob(report.live, size) };
      else if (verdict.kind === "held") report = withHeld(report, verdict, size);
      else {
        free.push(digest);
        report = { ...report, quarantined: withBlob(report.quarantined, size) };
      }
    });
    if (!dryRun)
      await eachOf(free, workers, async (digest) => void (await store.quarantine(digest)));
    return on(state, batch.length === BATCH ? batch.at(-1)!.digest : null, report);
  }

  return { quarantine, uploads, blobs };
}

/** Further in the same stage, or, if `next` is null, at the beginning of the one after it. */
function on(
  state: SweepState,
  next: string | number | null,
  news: Partial<SweepReport>,
): SweepState {
  const report = { ...state.report, ...news };
  return next === null
    ? following({ ...state, report })
    : { ...state, after: String(next), report };
}

function following({ stage, report }: SweepState): SweepState {
  return { stage: STAGES[STAGES.indexOf(stage) + 1] ?? "done", after: "", report };
}

import type { Throttle } from "@entrepot/registry";
import { checkJournal, checkUsage } from "./check-counts.ts";
import { checkManifests } from "./check-manifests.ts";
import { noteFindings, noteVerified } from "./findings.ts";
import type { CheckContext, CheckParameters, CheckReport, NewFinding } from "./ports.ts";
import { walkBlobs } from "./walk-blobs.ts";
import { sql } from "kysely";

const STAGES = ["blobs", "manifests", "usage", "journal", "done"] as const;

/** How far a check is. Plain data: another process goes on from it. */
export interface CheckState {
  readonly stage: (typeof STAGES)[number];
  /** Where in the stage. */
  readonly after: string;
  readonly report: CheckReport;
}

/** Where every check begins. */
export const CHECK_BEGIN: CheckState = {
  stage: "blobs",
  after: "",
  report: { blobs: 0, blobsRead: 0, bytesRead: 0, manifests: 0 },
};

/** A check in this process. */
export interface CheckRun {
  /** Looks at the next few things, stores what it finds, and says how far it is then. */
  step(state: CheckState): Promise<CheckState>;
}

/**
 * The check stored as execution `id`. Each step may be done again, by any process: what it finds is
 * stored once.
 */
export function checkRun(
  context: CheckContext,
  parameters: CheckParameters,
  id: number,
  signal?: AbortSignal,
): CheckRun {
  const { catalog, store } = context;
  const { scope, bytesPerSecond } = parameters;
  const throttle: Throttle = context.throttle(() => bytesPerSecond);
  const paced = context.pacing?.work();
  const blobs = walkBlobs(context, parameters, { store, throttle, paced, signal });

  const steps: Record<CheckState["stage"], (state: CheckState) => Promise<CheckState>> = {
    async blobs(state) {
      const step = await blobs(state.after);
      await noteFindings(catalog, id, step.findings);
      await noteVerified(catalog, step.verified, catalog.now());
      const { report } = state;
      return on(state, step.next, {
        blobs: report.blobs + step.blobs,
        blobsRead: report.blobsRead + step.blobsRead,
        bytesRead: report.bytesRead + step.bytesRead,
      });
    },
    async manifests(state) {
      const step = await checkManifests(catalog, scope, Number(state.after));
      await noteFindings(catalog, id, step.findings);
      return on(state, step.next, { manifests: state.report.manifests + step.manifests });
    },
    async usage(state) {
      await noteFindings(catalog, id, await checkUsage(catalog, scope));
      return on(state, null, {});
    },
    async journal(state) {
      const told = await toldAlready(context, id);
      const news = (await checkJournal(catalog, scope)).filter(({ name }) => !told.has(name));
      await noteFindings(catalog, id, news);
      return on(state, null, {});
    },
    done: async (state) => state,
  };
  return {
    async step(state) {
      const next = await steps[state.stage](state);
      await paced?.rest(signal);
      return next;
    },
  };
}

/** What the journal would say of rows that were told as unlike their bytes. */
async function toldAlready(
  { catalog }: Pick<CheckContext, "catalog">,
  id: number,
): Promise<ReadonlySet<NewFinding["name"]>> {
  const { rows } = await sql<{ name: string }>`
    SELECT 'manifest ' || name AS name FROM check_finding
    WHERE execution_id = ${id} AND class = 'manifest-row'`.execute(catalog.db);
  return new Set(rows.map(({ name }) => name));
}

/** Further in the same stage, or, if `next` is null, at the beginning of the one after it. */
function on(
  state: CheckState,
  next: string | number | null,
  news: Partial<CheckReport>,
): CheckState {
  const report = { ...state.report, ...news };
  if (next !== null) return { ...state, after: String(next), report };
  return { stage: STAGES[STAGES.indexOf(state.stage) + 1] ?? "done", after: "", report };
}

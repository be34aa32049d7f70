import type { Catalog } from "@entrepot/catalog";
import {
  type Jobs,
  openSystemJob,
  type SystemJob,
  type SystemRun,
  type TaskRun,
} from "@entrepot/jobs";
import type { Audit } from "./open-audit.ts";

/** The type of purges of the audit log among jobs. Source: Harbor. */
const PURGE_AUDIT_LOG = "PURGE_AUDIT_LOG";
/** Among types: whatever is old enough. */
const ALL_TYPES = "*";

/** What is purged. */
export interface PurgeParameters {
  /** Records are kept for so long at least. */
  readonly retentionHours: number;
  /** `create_label`, `create` for whatever was created, or `*`. */
  readonly types: readonly string[];
  readonly dryRun: boolean;
}

/** One purge. */
export type Purge = SystemRun<PurgeParameters>;

/** Purges of the audit log, besides the one of every hour that the settings say. */
export type Purges = SystemJob<PurgeParameters>;

/** What they are opened with. */
export interface PurgesOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly audit: Pick<Audit, "purge" | "empty">;
}

const HOUR_MS = 3_600_000;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 30_000;
const NOTHING: PurgeParameters = { retentionHours: 1, types: [], dryRun: false };

/** Opens purges. Their task and schedule are registered with `jobs`, not begun yet. */
export function openPurges({ catalog, jobs, audit }: PurgesOptions): Purges {
  return openSystemJob({
    catalog,
    jobs,
    task: {
      kind: PURGE_AUDIT_LOG,
      maxAttempts: MAX_ATTEMPTS,
      retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
      run: (run) => purge({ catalog, audit }, run),
    },
    nameOf: (id) => `purge ${id} of the audit log`,
    note: "purge_audit_schedule",
    initial: NOTHING,
    shown: (run) => run,
  });
}

async function purge(
  { catalog, audit }: Pick<PurgesOptions, "catalog" | "audit">,
  { task, execution, log, signal, draining }: TaskRun,
): Promise<void> {
  const { actor, ...parameters } = task.payload as unknown as PurgeParameters & { actor: string };
  const { retentionHours, types, dryRun } = parameters;
  const before = new Date(catalog.now().getTime() - retentionHours * HOUR_MS);
  const by = { actor, cause: `execution:${execution.id}`, dryRun };
  const would = dryRun ? "would be " : "";
  log("info", `records before ${before.toISOString()}, of types ${types.join(", ") || "none"}`);
  if (types.includes(ALL_TYPES)) {
    const { records, upTo } = await audit.purge(before, by);
    log("info", `${records} records ${would}purged${upTo === null ? "" : `, up to ${upTo}`}`);
    return;
  }
  const ending = AbortSignal.any([signal, draining]);
  const emptied = await audit.empty({ before, types, by, signal: ending });
  log("info", `${emptied} records ${would}emptied; their hashes stay, so that the chain holds`);
}

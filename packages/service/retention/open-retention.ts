import type { Catalog, Commit, NameToPutBack } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { type ImmutableRules, openImmutableRules } from "./immutable/immutable-rules.ts";
import type { CompileGlob } from "./immutable/rule-settings.ts";
import { putBack, removeFromProject, type RETENTION_KINDS } from "./put-back.ts";
import { openQuotas, type Quotas } from "./quota/quotas.ts";
import { openStorageUse, type StorageUse } from "./quota/storage-use.ts";
import { type DeleteArtifact, retainTask } from "./rules/retain-task.ts";
import {
  openRetentionPolicies,
  RETENTION,
  type RetentionPolicies,
} from "./rules/retention-policies.ts";
import { onSchedule, openRetentionRuns, type RetentionRuns } from "./rules/retention-runs.ts";

/** What retention works with. */
export interface RetentionOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly glob: CompileGlob;
  readonly deleteArtifact: DeleteArtifact;
}

/** What stays, what cannot be changed, and how much there may be. */
export interface Retention {
  readonly policies: RetentionPolicies;
  readonly runs: RetentionRuns;
  readonly immutable: ImmutableRules;
  readonly quotas: Quotas;
  readonly use: StorageUse;
  /** Puts back what the journal says of kinds retention, immutable and quota; see `putBack`. */
  putBack(
    commit: Commit,
    kind: (typeof RETENTION_KINDS)[number],
    names: readonly NameToPutBack[],
  ): Promise<(string | null)[]>;
  /** Deletes and journals all of it in a project that is about to be deleted. */
  removeFromProject(
    commit: Commit,
    project: { readonly id: number; readonly name: string },
  ): Promise<void>;
}

/** Opens retention. Its tasks and schedules are registered with `jobs`, which has not begun. */
export function openRetention(options: RetentionOptions): Retention {
  const { catalog, jobs, glob } = options;
  const policies = openRetentionPolicies(catalog, jobs, glob);
  const runs = openRetentionRuns({ catalog, jobs, glob, policies });
  jobs.handle(retainTask({ ...options, runs }));
  jobs.onSchedule(RETENTION, onSchedule(runs));
  return {
    policies,
    runs,
    immutable: openImmutableRules(catalog, glob),
    quotas: openQuotas(catalog),
    use: openStorageUse(catalog),
    putBack: (commit, kind, names) => putBack(commit, { jobs, glob }, kind, names),
    removeFromProject: (commit, project) => removeFromProject(commit, jobs, project),
  };
}

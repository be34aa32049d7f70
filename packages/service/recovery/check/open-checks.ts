import { type Jobs, openSystemJob, type SystemJob, type SystemRun } from "@entrepot/jobs";
import { isRepositoryName, RegistryError } from "@entrepot/oci";
import { CHECK_BEGIN, type CheckState } from "./check-run.ts";
import { checkTask } from "./check-task.ts";
import { countFindings, type FindingQuery, readFindings } from "./findings.ts";
import type { CheckContext, CheckParameters, CheckReport, Finding, FindingClass } from "./ports.ts";

const WHOLE: CheckParameters = { quick: false, scope: "", bytesPerSecond: 0 };

/** One check. */
export interface Check extends SystemRun<CheckParameters> {
  /** Why its task failed, if it did. */
  readonly statusText: string;
  readonly stage: string;
  readonly report: CheckReport;
  readonly counts: Readonly<Partial<Record<FindingClass, number>>>;
}

/** Checks of the registry. A scope that is no name is refused with BAD_REQUEST. */
export interface Checks extends SystemJob<CheckParameters, Check> {
  /** What check `id` found; null: what pulls have met since it was last healed. */
  findings(id: number | null, query: FindingQuery): Promise<{ items: Finding[]; total: number }>;
}

/** Opens checks. Their task and schedule are registered with `jobs`, not begun yet. */
export function openChecks(context: CheckContext & { readonly jobs: Jobs }): Checks {
  const { jobs, catalog } = context;
  const checks = openSystemJob<CheckParameters, Check>({
    catalog,
    jobs,
    task: checkTask(context),
    nameOf: (id) => `check ${id}`,
    note: "check_schedule",
    initial: WHOLE,
    refuse: throwUnlessScope,
    shown: async (run, task) => {
      const { stage = "waiting", report } = task.progress as Partial<CheckState>;
      return {
        ...run,
        statusText: task.statusText || run.execution.statusText,
        stage,
        report: report ?? CHECK_BEGIN.report,
        counts: await countFindings(catalog, run.execution.id),
      };
    },
  });
  return { ...checks, findings: (id, query) => readFindings(catalog, id, query) };
}

function throwUnlessScope({ scope }: CheckParameters): void {
  if (scope === "" || isRepositoryName(scope.includes("/") ? scope : `${scope}/x`)) return;
  throw new RegistryError("BAD_REQUEST", `'${scope}' is no name of a project or repository`);
}

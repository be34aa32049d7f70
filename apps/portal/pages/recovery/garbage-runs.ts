import type { GarbageCollection } from "@entrepot/api";

/** How a garbage collection runs. */
export interface Parameters {
  readonly delete_untagged: boolean;
  readonly dry_run: boolean;
  readonly workers: number;
}

/** How it runs unless told otherwise. */
export const PARAMETERS: Parameters = { delete_untagged: false, dry_run: false, workers: 1 };

/** What its `job_parameters`, a JSON text, say. */
export function parametersOf({
  job_parameters,
}: Pick<GarbageCollection, "job_parameters">): Parameters {
  try {
    return { ...PARAMETERS, ...(JSON.parse(job_parameters) as Partial<Parameters>) };
  } catch {
    return PARAMETERS;
  }
}

/** Whether nothing is changed by it. */
export function isDryRun(run: Pick<GarbageCollection, "job_parameters">): boolean {
  return parametersOf(run).dry_run;
}

/** The schedule as a form holds it; an empty cron if there is none. */
export function scheduleOf(
  scheduled: GarbageCollection | Record<string, never>,
): Parameters & { readonly cron: string } {
  if (!("schedule" in scheduled)) return { ...PARAMETERS, cron: "" };
  const found = scheduled as GarbageCollection;
  return { ...parametersOf(found), cron: found.schedule.cron };
}

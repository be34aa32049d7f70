import { type GarbageReport, type Held, type NewGarbageSchedule, routes } from "@entrepot/api";
import type { Sweep, SweepParameters, SweepReport } from "@entrepot/retention";
import type { z } from "@hono/zod-openapi";
import type { ApiOptions, App } from "./app.ts";
import { addSystemJob } from "./system-jobs.ts";

/** Adds garbage collection. */
export function addGarbage(app: App, options: ApiOptions): void {
  addSystemJob(app, options, {
    routes: routes.garbage,
    name: "GARBAGE_COLLECTION",
    job: options.sweeps,
    nameOf: (id) => `garbage collection ${id}`,
    parametersOf,
    parametersShape,
    async more(sweeps) {
      const names = await holderNames(options);
      return sweeps.map((sweep) => stageShape(sweep, names));
    },
  });
}

type HolderNames = ReadonlyMap<string, string>;

/** What people call those that hold something back, where they have a name. */
export async function holderNames({ backups }: Pick<ApiOptions, "backups">): Promise<HolderNames> {
  const targets = await backups.targets.list();
  return new Map(targets.map(({ id, name }) => [`backup:${id}`, name]));
}

function stageShape({ execution: { status }, stage, report }: Sweep, names: HolderNames) {
  return {
    ...(status === "Running" && stage === "waiting" && { job_status: "Pending" }),
    stage,
    ...(report && { report: reportShape(report, names) }),
  };
}

/** What is held by what, the most first. */
export function heldShape(report: SweepReport, names: HolderNames): Held[] {
  const held = Object.entries(report.held).map(([holder, { blobs, bytes, until }]) => {
    const name = names.get(holder);
    return { holder, ...(name && { name }), blobs, bytes, ...(until !== null && { until }) };
  });
  return held.toSorted((a, b) => b.bytes - a.bytes);
}

function reportShape(report: SweepReport, names: HolderNames): GarbageReport {
  return {
    live: report.live,
    held: heldShape(report, names),
    quarantined: report.quarantined,
    waiting: report.waiting,
    taken_back: report.takenBack,
    freed: report.freed,
    rows: report.rows,
    past_manifests: report.pastManifests,
    journal_entries: report.entries,
    untagged: report.untagged,
  };
}

function parametersOf({ parameters }: z.output<typeof NewGarbageSchedule>): SweepParameters {
  const { delete_untagged: deleteUntagged, dry_run: dryRun, workers } = parameters;
  return { deleteUntagged, dryRun, workers };
}

function parametersShape({ deleteUntagged, dryRun, workers }: SweepParameters) {
  return { delete_untagged: deleteUntagged, dry_run: dryRun, workers };
}

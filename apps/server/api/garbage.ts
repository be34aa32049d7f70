import { type GarbageCollection, type GarbageReport, type Held, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { Sweep, SweepParameters, SweepReport, Sweeps } from "@entrepot/retention";
import { type ApiOptions, type App, needing } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { cronOf, scheduleShape } from "./job-schedule.ts";
import { paged } from "./paged.ts";

const { garbage } = routes;
const JOB = { job_name: "GARBAGE_COLLECTION" as const, deleted: false };

/** Adds garbage collection: its runs, their reports and logs, its schedule. */
export function addGarbage(app: App, options: ApiOptions): void {
  addSchedule(app, options);
  addRuns(app, options);
}

function addRuns(app: App, options: ApiOptions): void {
  const { sweeps } = options;

  app.openapi(needing(options, garbage.list), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await sweeps.list({ page: query.page, pageSize: query.page_size });
    const names = await holderNames(options);
    const shown = items.map((item) => shapeOf(item, names));
    return paged(context, query, { items: shown, total });
  });

  app.openapi(needing(options, garbage.get), async (context) => {
    const sweep = await sweepOf(sweeps, context.req.valid("param").gc_id);
    return context.json(shapeOf(sweep, await holderNames(options)), 200);
  });

  app.openapi(needing(options, garbage.stop), async (context) => {
    const { execution } = await sweepOf(sweeps, context.req.valid("param").gc_id);
    await sweeps.stop(execution.id);
    return context.body(null, 200);
  });

  app.openapi(needing(options, garbage.log), async (context) => {
    const { taskId } = await sweepOf(sweeps, context.req.valid("param").gc_id);
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

function addSchedule(app: App, options: ApiOptions): void {
  const { sweeps } = options;

  app.openapi(needing(options, garbage.schedule), async (context) => {
    const set = await sweeps.scheduled();
    if (!set) return context.json({}, 200);
    const { schedule, parameters } = set;
    const shown: GarbageCollection = {
      ...JOB,
      id: schedule.id,
      job_kind: "SCHEDULE",
      job_parameters: parametersText(parameters),
      schedule: scheduleShape(schedule),
      job_status: "Pending",
      creation_time: schedule.updatedAt.toISOString(),
      update_time: schedule.updatedAt.toISOString(),
    };
    return context.json(shown, 200);
  });

  app.openapi(needing(options, garbage.start), async (context) => {
    const { schedule, parameters } = context.req.valid("json");
    if (schedule.type !== "Manual") {
      await sweeps.schedule(cronOf(schedule), parametersOf(parameters));
      context.header("Location", garbage.schedule.path);
      return context.body(null, 201);
    }
    const id = await sweeps.start(parametersOf(parameters), context.get("actor").name);
    context.header("Location", `${garbage.list.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, garbage.setSchedule), async (context) => {
    const { schedule, parameters } = context.req.valid("json");
    await sweeps.schedule(cronOf(schedule), parametersOf(parameters));
    return context.body(null, 200);
  });
}

async function sweepOf(sweeps: Sweeps, id: number): Promise<Sweep> {
  const sweep = await sweeps.get(id);
  if (sweep) return sweep;
  throw new RegistryError("NOT_FOUND", `there is no garbage collection ${id}`);
}

type HolderNames = ReadonlyMap<string, string>;

/** What people call those that hold something back, where they have a name. */
export async function holderNames({ backups }: Pick<ApiOptions, "backups">): Promise<HolderNames> {
  const targets = await backups.targets.list();
  return new Map(targets.map(({ id, name }) => [`backup:${id}`, name]));
}

function shapeOf(
  { execution, parameters, stage, report }: Sweep,
  names: HolderNames,
): GarbageCollection {
  const { id, trigger, status, startTime, endTime } = execution;
  return {
    ...JOB,
    id,
    job_kind: trigger === "scheduled" ? "SCHEDULE" : "MANUAL",
    job_parameters: parametersText(parameters),
    schedule: { type: trigger === "scheduled" ? "Schedule" : "Manual", cron: "" },
    job_status: status === "Running" && stage === "waiting" ? "Pending" : status,
    creation_time: startTime.toISOString(),
    update_time: (endTime ?? startTime).toISOString(),
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

function parametersOf(given: {
  delete_untagged: boolean;
  dry_run: boolean;
  workers: number;
}): SweepParameters {
  const { delete_untagged: deleteUntagged, dry_run: dryRun, workers } = given;
  return { deleteUntagged, dryRun, workers };
}

function parametersText({ deleteUntagged, dryRun, workers }: SweepParameters): string {
  return JSON.stringify({ delete_untagged: deleteUntagged, dry_run: dryRun, workers });
}

import { type NewPurgeSchedule, type Purge as Shown, routes } from "@entrepot/api";
import type { Purge, PurgeParameters } from "@entrepot/events";
import { RegistryError } from "@entrepot/oci";
import { type ApiOptions, type App, needing } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { cronOf, scheduleShape } from "./job-schedule.ts";
import { paged } from "./paged.ts";

const { purges: purge } = routes;
const JOB = { job_name: "PURGE_AUDIT_LOG" as const, deleted: false };

/** Adds purges of the audit log: their runs and logs, and when one runs by itself. */
export function addPurges(app: App, options: ApiOptions): void {
  addSchedule(app, options);
  addRuns(app, options);
}

function addRuns(app: App, options: ApiOptions): void {
  const { purges } = options;
  const purgeOf = async (id: number): Promise<Purge> => {
    const found = await purges.get(id);
    if (found) return found;
    throw new RegistryError("NOT_FOUND", `there is no purge ${id} of the audit log`);
  };

  app.openapi(needing(options, purge.list), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await purges.list({ page: query.page, pageSize: query.page_size });
    return paged(context, query, { items: items.map(shapeOf), total });
  });

  app.openapi(needing(options, purge.get), async (context) =>
    context.json(shapeOf(await purgeOf(context.req.valid("param").purge_id)), 200),
  );

  app.openapi(needing(options, purge.stop), async (context) => {
    const { execution } = await purgeOf(context.req.valid("param").purge_id);
    await purges.stop(execution.id);
    return context.body(null, 200);
  });

  app.openapi(needing(options, purge.log), async (context) => {
    const { taskId } = await purgeOf(context.req.valid("param").purge_id);
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

function addSchedule(app: App, options: ApiOptions): void {
  const { purges } = options;

  app.openapi(needing(options, purge.schedule), async (context) => {
    const set = await purges.scheduled();
    if (!set) return context.json({}, 200);
    const { schedule, parameters } = set;
    const shown: Shown = {
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

  app.openapi(needing(options, purge.start), async (context) => {
    const asked = context.req.valid("json");
    if (asked.schedule.type !== "Manual") {
      await purges.schedule(cronOf(asked.schedule), parametersOf(asked));
      context.header("Location", purge.schedule.path);
      return context.body(null, 201);
    }
    const id = await purges.start(parametersOf(asked), context.get("actor").name);
    context.header("Location", `${purge.list.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, purge.setSchedule), async (context) => {
    const asked = context.req.valid("json");
    await purges.schedule(cronOf(asked.schedule), parametersOf(asked));
    return context.body(null, 200);
  });
}

function parametersOf({ schedule, parameters }: NewPurgeSchedule): PurgeParameters {
  if (!parameters && schedule.type !== "None") {
    throw new RegistryError(
      "BAD_REQUEST",
      "a purge needs parameters: audit_retention_hour and include_event_types",
    );
  }
  const { audit_retention_hour = 1, include_event_types = "", dry_run = false } = parameters ?? {};
  const types = include_event_types.split(",").filter((type) => type !== "");
  return { retentionHours: audit_retention_hour, types, dryRun: dry_run };
}

function parametersText({ retentionHours, types, dryRun }: PurgeParameters): string {
  return JSON.stringify({
    audit_retention_hour: retentionHours,
    include_event_types: types.join(","),
    dry_run: dryRun,
  });
}

function shapeOf({ execution, parameters }: Purge): Shown {
  const { id, trigger, status, startTime, endTime } = execution;
  return {
    ...JOB,
    id,
    job_kind: trigger === "scheduled" ? "SCHEDULE" : "MANUAL",
    job_parameters: parametersText(parameters),
    schedule: { type: trigger === "scheduled" ? "Schedule" : "Manual", cron: "" },
    job_status: status,
    creation_time: startTime.toISOString(),
    update_time: (endTime ?? startTime).toISOString(),
  };
}

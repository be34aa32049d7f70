import { type Drill as Shown, routes } from "@entrepot/api";
import type { Drill } from "@entrepot/recovery";
import { type ApiOptions, type App, needing } from "./app.ts";

const { drills: room } = routes;

/** Adds the routes of drills. */
export function addDrills(app: App, options: ApiOptions): void {
  const { drills } = options;

  app.openapi(needing(options, room.list), async (context) => {
    const found = await drills.list(context.req.valid("param").id);
    return context.json(found.map(shownDrill), 200);
  });
  app.openapi(needing(options, room.run), async (context) => {
    const { id } = context.req.valid("param");
    const execution = await drills.run(id, context.get("actor"), context.req.valid("json"));
    context.header("Location", `${context.req.path}/${execution}`);
    return context.body(null, 201);
  });
  app.openapi(needing(options, room.get), async (context) => {
    const { id, execution_id } = context.req.valid("param");
    return context.json(shownDrill(await drills.get(id, execution_id)), 200);
  });
}

function shownDrill({ execution, statusText, task, report }: Drill): Shown {
  return {
    id: execution.id,
    status: execution.status,
    status_text: statusText,
    trigger: execution.trigger,
    stage: task?.progress.stage ?? "",
    task_id: task?.id ?? null,
    start_time: execution.startTime.toISOString(),
    end_time: execution.endTime?.toISOString() ?? null,
    report: report && {
      target: report.target,
      snapshot: report.snapshot,
      seq: report.seq,
      at: report.at,
      recovery_seconds: report.recoverySeconds,
      loss_seconds: report.lossSeconds,
      age_seconds: report.ageSeconds,
      tags: report.tags,
      manifests: report.manifests,
      blobs: report.blobs,
      bytes: report.bytes,
      verified: { ...report.verified },
      pulled: { ...report.pulled },
      problems: [...report.problems],
      problem_count: report.problemCount,
    },
  };
}

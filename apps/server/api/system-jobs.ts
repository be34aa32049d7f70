import type { JobSchedule, systemJobRoutes, systemJobRun } from "@entrepot/api";
import type { SystemJob, SystemRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { z } from "@hono/zod-openapi";
import { type ApiOptions, type App, needing } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { cronOf, scheduleShape } from "./job-schedule.ts";
import { paged } from "./paged.ts";

type Shown = z.output<ReturnType<typeof systemJobRun<string>>>;
interface Asked {
  readonly schedule: JobSchedule;
}
type RoutesOf<A> = ReturnType<typeof systemJobRoutes<string, z.ZodType<Shown>, z.ZodType<A>>>;

/** What the calls of a system job are made of. */
export interface SystemJobCalls<Parameters, Run extends SystemRun<Parameters>, A extends Asked> {
  readonly routes: RoutesOf<A>;
  /** Harbor's, such as `GARBAGE_COLLECTION`. */
  readonly name: string;
  readonly job: Pick<
    SystemJob<Parameters, Run>,
    "start" | "list" | "get" | "stop" | "schedule" | "scheduled"
  >;
  /** What people call run `id`. */
  readonly nameOf: (id: number) => string;
  readonly parametersOf: (asked: A) => Parameters;
  readonly parametersShape: (parameters: Parameters) => object;
  /** What each of `runs` shows besides. */
  readonly more?: (runs: readonly Run[]) => Promise<object[]>;
}

/** Adds a system job: its runs and their logs, and when one runs by itself. */
export function addSystemJob<Parameters, Run extends SystemRun<Parameters>, A extends Asked>(
  app: App,
  options: ApiOptions,
  calls: SystemJobCalls<Parameters, Run, A>,
): void {
  addSchedule(app, options, calls);
  addRuns(app, options, calls);
}

function addRuns<Parameters, Run extends SystemRun<Parameters>, A extends Asked>(
  app: App,
  options: ApiOptions,
  calls: SystemJobCalls<Parameters, Run, A>,
): void {
  const { job, nameOf, more = async () => [] } = calls;
  const routes: RoutesOf<Asked> = calls.routes;
  /** The run that the one parameter of the path names. */
  const runOf = async (params: Readonly<Record<string, number>>): Promise<Run> => {
    const [id = 0] = Object.values(params);
    const run = await job.get(id);
    if (run) return run;
    throw new RegistryError("NOT_FOUND", `there is no ${nameOf(id)}`);
  };
  const shapesOf = async (runs: readonly Run[]): Promise<Shown[]> => {
    const besides = await more(runs);
    return runs.map((run, i) => ({ ...runShape(calls, run), ...besides[i] }));
  };

  app.openapi(needing(options, routes.list), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await job.list({ page: query.page, pageSize: query.page_size });
    return paged(context, query, { items: await shapesOf(items), total });
  });

  app.openapi(needing(options, routes.get), async (context) => {
    const run = await runOf(context.req.valid("param"));
    const [shape] = await shapesOf([run]);
    return context.json(shape!, 200);
  });

  app.openapi(needing(options, routes.stop), async (context) => {
    const { execution } = await runOf(context.req.valid("param"));
    await job.stop(execution.id);
    return context.body(null, 200);
  });

  app.openapi(needing(options, routes.log), async (context) => {
    const { taskId } = await runOf(context.req.valid("param"));
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

function addSchedule<Parameters, Run extends SystemRun<Parameters>, A extends Asked>(
  app: App,
  options: ApiOptions,
  { job, name, parametersOf, parametersShape, ...calls }: SystemJobCalls<Parameters, Run, A>,
): void {
  const routes: RoutesOf<Asked> = calls.routes;

  app.openapi(needing(options, routes.schedule), async (context) => {
    const set = await job.scheduled();
    if (!set) return context.json({}, 200);
    const { id, updatedAt } = set.schedule;
    const shown: Shown = {
      id,
      job_name: name,
      job_kind: "SCHEDULE",
      job_parameters: JSON.stringify(parametersShape(set.parameters)),
      schedule: scheduleShape(set.schedule),
      job_status: "Pending",
      deleted: false,
      creation_time: updatedAt.toISOString(),
      update_time: updatedAt.toISOString(),
    };
    return context.json(shown, 200);
  });

  app.openapi(needing(options, routes.start), async (context) => {
    const asked = context.req.valid("json") as A;
    if (asked.schedule.type !== "Manual") {
      await job.schedule(cronOf(asked.schedule), parametersOf(asked));
      context.header("Location", routes.schedule.path);
      return context.body(null, 201);
    }
    const id = await job.start(parametersOf(asked), context.get("actor").name);
    context.header("Location", `${routes.list.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, routes.setSchedule), async (context) => {
    const asked = context.req.valid("json") as A;
    await job.schedule(cronOf(asked.schedule), parametersOf(asked));
    return context.body(null, 200);
  });
}

function runShape<Parameters>(
  {
    name,
    parametersShape,
  }: { readonly name: string; readonly parametersShape: (parameters: Parameters) => object },
  { execution, parameters }: SystemRun<Parameters>,
): Shown {
  const { id, trigger, status, startTime, endTime } = execution;
  const isScheduled = trigger === "scheduled";
  return {
    id,
    job_name: name,
    job_kind: isScheduled ? "SCHEDULE" : "MANUAL",
    job_parameters: JSON.stringify(parametersShape(parameters)),
    schedule: { type: isScheduled ? "Schedule" : "Manual", cron: "" },
    job_status: status,
    deleted: false,
    creation_time: startTime.toISOString(),
    update_time: (endTime ?? startTime).toISOString(),
  };
}

import { routes } from "@entrepot/api";
import { nextOccurrence, type Task } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type ApiOptions, type App, needing } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { pageOf, paged } from "./paged.ts";

const { jobservice } = routes;
const ALL = "all";

/** Adds the job service's pools, queues, tasks and schedules. */
export function addJobservice(app: App, options: ApiOptions): void {
  addPools(app, options);
  addJobs(app, options);
  addQueues(app, options);
  addSchedules(app, options);
}

function addPools(app: App, options: ApiOptions): void {
  const { pools } = options.jobs;

  app.openapi(needing(options, jobservice.pools), async (context) => {
    const all = await pools.list();
    const shown = all.map(({ id, host, pid, concurrency, draining, startAt, heartbeatAt }) => ({
      worker_pool_id: id,
      host,
      pid,
      concurrency,
      draining,
      start_at: startAt.toISOString(),
      heartbeat_at: heartbeatAt.toISOString(),
    }));
    return context.json(shown, 200);
  });

  app.openapi(needing(options, jobservice.workers), async (context) => {
    const { pool_id: poolId } = context.req.valid("param");
    if (poolId !== ALL && !(await pools.list()).some(({ id }) => id === poolId)) {
      throw new RegistryError("NOT_FOUND", `there is no worker pool ${poolId}`);
    }
    const busy = await pools.workers(poolId === ALL ? undefined : poolId);
    const shown = busy.map((worker) => ({
      id: `${worker.poolId}/${worker.taskId}`,
      pool_id: worker.poolId,
      job_id: String(worker.taskId),
      job_name: worker.vendor,
      start_at: worker.startAt.toISOString(),
      check_in: worker.stage,
    }));
    return context.json(shown, 200);
  });
}

function addJobs(app: App, options: ApiOptions): void {
  const { jobs } = options;

  app.openapi(needing(options, jobservice.stop), async (context) => {
    const { job_id: jobId } = context.req.valid("param");
    if (jobId === ALL) await jobs.queues.stopRunning();
    else await stopJob(options, await taskNamed(options, jobId));
    return context.body(null, 200);
  });

  app.openapi(needing(options, jobservice.log), async (context) => {
    const { id } = await taskNamed(options, String(context.req.valid("param").job_id));
    return answerLog(context, options, id, context.req.valid("query"));
  });
}

async function stopJob({ jobs }: ApiOptions, { id }: Task): Promise<void> {
  if (await jobs.stopTask(id)) return;
  const status = (await jobs.task(id))?.status;
  throw new RegistryError("PRECONDITION", `job ${id} has ended already: ${status}`);
}

async function taskNamed({ jobs }: ApiOptions, text: string): Promise<Task> {
  const task = /^[1-9]\d{0,14}$/.test(text) ? await jobs.task(Number(text)) : null;
  if (task) return task;
  throw new RegistryError("NOT_FOUND", `there is no job ${text}`);
}

function addQueues(app: App, options: ApiOptions): void {
  const { queues } = options.jobs;

  app.openapi(needing(options, jobservice.queues), async (context) => {
    const all = await queues.list();
    const shown = all.map(({ jobType, count, latency, paused }) => ({
      job_type: jobType,
      count,
      latency: Math.round(latency),
      paused,
    }));
    return context.json(shown, 200);
  });

  app.openapi(needing(options, jobservice.changeQueue), async (context) => {
    const { job_type: given } = context.req.valid("param");
    const { action } = context.req.valid("json");
    const known = await queues.list();
    const jobType = given === ALL ? null : given.toUpperCase();
    if (jobType !== null && !known.some((queue) => queue.jobType === jobType)) {
      throw new RegistryError("NOT_FOUND", `there is no queue of type ${given}`);
    }
    if (action === "pause") await queues.pause(jobType);
    else if (action === "resume") await queues.resume(jobType);
    else await queues.clear(jobType);
    return context.body(null, 200);
  });
}

function addSchedules(app: App, options: ApiOptions): void {
  const { jobs } = options;

  app.openapi(needing(options, jobservice.schedules), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = pageOf(await jobs.schedules(), query);
    const shown = items.map((schedule) => ({
      id: schedule.id,
      vendor_type: schedule.vendor,
      vendor_id: schedule.vendorId,
      cron: schedule.cron,
      time_zone: schedule.timeZone,
      ...(schedule.nextAt && { next_at: schedule.nextAt.toISOString() }),
      update_time: schedule.updatedAt.toISOString(),
    }));
    return paged(context, query, { items: shown, total });
  });

  app.openapi(needing(options, jobservice.nextTimes), (context) => {
    const { cron, time_zone: timeZone, count } = context.req.valid("query");
    const times: Date[] = [];
    while (times.length < count) {
      times.push(nextOccurrence({ cron, timeZone }, times.at(-1) ?? new Date()));
    }
    return context.json({ times: times.map((time) => time.toISOString()) }, 200);
  });

  app.openapi(needing(options, jobservice.schedulesPaused), async (context) => {
    if (context.req.valid("param").job_type !== ALL) {
      throw new RegistryError("BAD_REQUEST", "only all schedules are paused together: ask for all");
    }
    return context.json({ paused: await jobs.queues.schedulerPaused() }, 200);
  });
}
